// MongoDB's wire protocol: frames in, frames out. It knows no command.
import { deserialize, serialize } from "bson";

const OP_REPLY = 1;
const OP_QUERY = 2004; // old drivers' first word; everything later is OP_MSG
const OP_MSG = 2013;
const HEADER_BYTES = 16;
export const LARGEST_MESSAGE = 48_000_000;
const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
const KNOWN_FLAGS = CHECKSUM_PRESENT | MORE_TO_COME | (1 << 16);
// As JavaScript's own numbers and dates where queries look; exact where documents are stored.
const EXACT = { promoteValues: false, bsonRegExp: true };

export class ProtocolError extends Error {}

// Cuts a stream of bytes into messages, whatever the packets were.
export class Frames {
  #held = Buffer.alloc(0);

  *push(bytes) {
    this.#held = this.#held.length ? Buffer.concat([this.#held, bytes]) : bytes;
    while (this.#held.length >= HEADER_BYTES) {
      const length = this.#held.readInt32LE(0);
      if (length < HEADER_BYTES || length > LARGEST_MESSAGE) throw new ProtocolError(`a message of ${length} bytes`);
      if (this.#held.length < length) return;
      yield read(this.#held.subarray(0, length));
      this.#held = this.#held.subarray(length);
    }
  }
}

function read(frame) {
  const id = frame.readInt32LE(4);
  const operation = frame.readInt32LE(12);
  if (operation === OP_MSG) return readMessage(id, frame);
  if (operation === OP_QUERY) return readQuery(id, frame);
  throw new ProtocolError(`operation ${operation}`);
}

function readMessage(id, frame) {
  const flags = frame.readUInt32LE(HEADER_BYTES);
  if (flags & 0xffff & ~KNOWN_FLAGS) throw new ProtocolError(`flags ${flags}`);
  const end = frame.length - (flags & CHECKSUM_PRESENT ? 4 : 0);
  let at = HEADER_BYTES + 4;
  let body;
  const sequences = {};
  while (at < end) {
    const kind = frame[at++];
    const size = frame.readInt32LE(at);
    if (size < 5 || at + size > end) throw new ProtocolError(`a section of ${size} bytes`);
    if (kind === 0) body = frame.subarray(at, at + size);
    else if (kind === 1) {
      const [name, documents] = readSequence(frame.subarray(at + 4, at + size));
      sequences[name] = documents;
    } else throw new ProtocolError(`a section of kind ${kind}`);
    at += size;
  }
  if (!body) throw new ProtocolError("a message without a body");
  const decode = (options) => {
    const command = deserialize(body, options);
    for (const [name, parts] of Object.entries(sequences)) command[name] = parts.map((part) => deserialize(part, options));
    return command;
  };
  return { id, command: decode({}), exact: () => decode(EXACT), silent: Boolean(flags & MORE_TO_COME), old: false };
}

function readSequence(bytes) {
  const nameEnd = bytes.indexOf(0);
  const documents = [];
  let at = nameEnd + 1;
  while (at < bytes.length) {
    const size = bytes.readInt32LE(at);
    if (size < 5 || at + size > bytes.length) throw new ProtocolError(`a document of ${size} bytes`);
    documents.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [bytes.toString("utf8", 0, nameEnd), documents];
}

function readQuery(id, frame) {
  const nameEnd = frame.indexOf(0, HEADER_BYTES + 4);
  const name = frame.toString("utf8", HEADER_BYTES + 4, nameEnd);
  const at = nameEnd + 1 + 8;
  if (!name.endsWith(".$cmd")) throw new ProtocolError(`a query on ${name}`);
  const command = deserialize(frame.subarray(at, at + frame.readInt32LE(at)));
  command.$db = name.slice(0, -".$cmd".length);
  return { id, command, exact: () => command, silent: false, old: true };
}

let lastId = 0;

export function reply(message, answer) {
  const document = serialize(answer, { ignoreUndefined: true });
  const before = Buffer.alloc(message.old ? HEADER_BYTES + 20 : HEADER_BYTES + 5);
  before.writeInt32LE(before.length + document.length, 0);
  before.writeInt32LE((lastId = (lastId + 1) & 0x7fffffff), 4);
  before.writeInt32LE(message.id, 8);
  before.writeInt32LE(message.old ? OP_REPLY : OP_MSG, 12);
  if (message.old) {
    before.writeInt32LE(8, HEADER_BYTES); // "await capable", as every server since 1.6 says
    before.writeInt32LE(1, HEADER_BYTES + 16); // one document
  }
  return Buffer.concat([before, document]);
}

export const toBytes = (document) => Buffer.from(serialize(document, { ignoreUndefined: false }));
export const toValues = (bytes) => deserialize(bytes);
export const toExact = (bytes) => deserialize(bytes, EXACT);
