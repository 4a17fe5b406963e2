// Counts visits in Redis. CACHE is the name under which it asks for Redis, GREETING what it says first.
const { createServer } = require('node:http');
const { connect } = require('node:net');

const cache = process.env.CACHE || 'cache';
const greeting = process.env.GREETING || 'visit';

createServer((request, response) => {
  const line = connect(6379, cache, () => line.write('INCR visits\r\n'));
  line.on('data', (number) => {
    response.end(`${greeting} ${String(number).slice(1).trim()}\n`);
    line.destroy();
  });
  line.on('error', (problem) => response.writeHead(503).end(`no cache: ${problem.code}\n`));
}).listen(3000);

process.on('SIGTERM', () => process.exit(0));
