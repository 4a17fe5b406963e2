#!/bin/sh
# 101 forbids: a package that is being installed must not start its service in a build.
exit 101
