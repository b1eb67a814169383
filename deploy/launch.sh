#!/bin/sh
# launch.sh PID_FILE LOG COMMAND...: writes its pid and becomes the command, so that the file names the very process
# that is restarted; and lets it write its log itself, so that the death of the supervisor takes no pipe from under it.
set -eu
pid_file=$1 log=$2
shift 2
if [ -f "$log" ] && [ "$(wc -c <"$log")" -gt 50000000 ]; then mv -f "$log" "$log.1"; fi
exec >>"$log" 2>&1 </dev/null
echo $$ >"$pid_file.new"
mv -f "$pid_file.new" "$pid_file"
exec "$@"
