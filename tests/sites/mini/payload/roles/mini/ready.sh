#!/bin/sh
# shellcheck shell=dash
set -u
systemctl is-active --quiet mini.service && exit 0
echo 'mini.service is not active' >&2
exit 75
