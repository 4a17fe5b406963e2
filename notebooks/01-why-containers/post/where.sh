# What a script finds around it, one fact a line.
PRETTY_NAME=$(uname -s)
[ -r /etc/os-release ] && . /etc/os-release
echo "system: $PRETTY_NAME"
echo "user: $(id -un)"
echo "language: ${LANG:-not set}"
echo "Python: $(python3 --version 2> /dev/null || echo none)"
echo "git: $(git --version 2> /dev/null || echo none)"
echo "date: $(date --version 2> /dev/null | head -n 1 | grep . || echo 'not GNU')"
echo "programs: $(IFS=:; ls $PATH 2> /dev/null | grep -v -e / -e '^$' | sort -u | wc -l | tr -d ' ')"
echo "kernel: $(uname -sr)"
