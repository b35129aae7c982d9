#!/bin/sh
# shellcheck shell=dash
set -eu
systemctl disable --now mini.service
rm -f /etc/systemd/system/mini.service
systemctl daemon-reload
rm -rf /opt/keybuzz/mini
