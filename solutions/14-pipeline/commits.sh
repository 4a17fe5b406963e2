# Makes the four commits that will be pushed. They are the same everywhere: the same files, author and dates.
set -euo pipefail
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_NAME=Mia GIT_AUTHOR_EMAIL=mia@example.org GIT_COMMITTER_NAME=Mia GIT_COMMITTER_EMAIL=mia@example.org
commit() { # name, hour, message
    # Each has an hour of its own: the unpacked files get it, and a build takes a file of the same time and size for
    # the same file.
    export GIT_AUTHOR_DATE="2026-01-05T$2:00:00Z" GIT_COMMITTER_DATE="2026-01-05T$2:00:00Z"
    echo "$1" > www/version
    git add --all
    git commit --quiet --message "$3"
    git tag "$1"
}
cd work/harbour
git init --quiet --initial-branch main
git config core.fileMode false
commit one 08 'The harbour'
sed -i.old 's/12:00 Calypso/08:00 Calypso/' www/departures && rm www/departures.old
commit wrong-order 09 'Calypso leaves earlier'
printf '07:30 Aurora\n08:00 Calypso\n09:15 Boreas\n' > www/departures
commit two 10 'Calypso leaves earlier, in order'
git mv www/cgi-bin/book www/cgi-bin/logbook
commit tidy 11 'A better name for the book'
