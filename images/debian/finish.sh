#!/bin/sh
# The last touch on the root file system in folder $1, run by mmdebstrap on the host.
set -eu
cd "$1/etc"
# Plain names for what mmdebstrap wrote.
mv apt/apt.conf.d/99mmdebstrap apt/apt.conf.d/docker
mv dpkg/dpkg.cfg.d/99mmdebstrap dpkg/dpkg.cfg.d/docker
mv apt/sources.list.d/*debian.sources apt/sources.list.d/debian.sources
# Nothing of the host's own name and resolver, no caches, no logs of the making.
rm -f hostname resolv.conf ../var/cache/apt/*.bin ../var/log/*.log ../var/cache/debconf/*-old
