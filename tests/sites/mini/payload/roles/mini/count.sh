#!/bin/sh
# shellcheck shell=dash
# Adds a line each time it runs: tests count them.
set -eu
# shellcheck source=../../lib/mini.sh
. "$KEYBUZZ_PAYLOAD/lib/mini.sh"

say "counting $1"
printf '%s\n' "$1" >>/opt/keybuzz/mini/counted
