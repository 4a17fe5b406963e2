// Answers every request with one line. HOST is the address it listens on inside its container.
const { createServer } = require('node:http');

const host = process.env.HOST || '0.0.0.0';
const greeting = 'version 1';

createServer((request, response) => response.end(`${greeting}\n`)).listen(3000, host);
