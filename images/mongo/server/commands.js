// The commands: each takes a connection and the command's document, and gives the answer's.
import { calculateObjectSize, Long, ObjectId, UUID } from "bson";
import { CommandError, notHere } from "./errors.js";
import { aggregate, changed, checkedDocument, checkValues, find, LARGEST_DOCUMENT, upserted } from "./queries.js";
import { Conversation, MECHANISM_NAMES } from "./scram.js";
import { valuesAt } from "./store.js";
import { LARGEST_MESSAGE, toBytes } from "./wire.js";

const VERSION = "8.0.0"; // what a driver may expect of the language spoken here
const WIRE_VERSION = 25; // MongoDB 8.0's
const FIRST_BATCH = 101;
const BATCH_BYTES = LARGEST_DOCUMENT;
const MOST_WRITES = 100_000;
const CURSOR_IDLE_MS = 10 * 60 * 1000;
export const STAND_IN = "the course's stand-in for MongoDB: its wire protocol over SQLite";

// Every command may carry these; they change nothing on one server without replicas.
const EVERYWHERE = new Set(["$db", "lsid", "$clusterTime", "$readPreference", "readConcern", "writeConcern", "comment",
  "maxTimeMS", "apiVersion", "apiStrict", "apiDeprecationErrors", "$audit", "$client", "hint",
  "allowDiskUse", "bypassDocumentValidation", "noCursorTimeout"]); // prettier-ignore

export class Commands {
  #store;
  #settings;
  #cursors = new Map();
  #lastCursor = 0;
  #began = Date.now();
  #counters = { insert: 0, query: 0, update: 0, delete: 0, getmore: 0, command: 0 };

  constructor(store, settings) {
    this.#store = store;
    this.#settings = settings;
  }

  run(connection, { command, exact }) {
    const name = Object.keys(command)[0] ?? "";
    const known = Object.hasOwn(COMMANDS, name) && COMMANDS[name];
    if (!known) throw new CommandError(59, `no such command: '${name}' (in ${STAND_IN})`);
    if (this.#settings.auth && !connection.username && !known.open) {
      throw new CommandError(13, `Command ${name} requires authentication`);
    }
    if ("txnNumber" in command || "startTransaction" in command) {
      throw new CommandError(20, "Transaction numbers are only allowed on a replica set member or mongos");
    }
    const foreign = known.fields && Object.keys(command).slice(1).find((field) => !known.fields.has(field) && !EVERYWHERE.has(field));
    if (foreign) throw new CommandError(40415, `BSON field '${name}.${foreign}' is unknown to ${STAND_IN}`);
    if (known.admin && command.$db !== "admin") throw new CommandError(13, `${name} may only be run against the admin database.`);
    this.#count(name);
    return { ...this[known.method](command, connection, exact), ok: 1 };
  }

  #count(name) {
    const kind = { find: "query", getMore: "getmore" }[name] ?? name;
    this.#counters[kind in this.#counters ? kind : "command"] += 1;
  }

  // who is there --------------------------------------------------------------------------------------

  hello(command, connection) {
    const [db, user] = splitOnce(command.saslSupportedMechs ?? "", ".");
    const known = db === "admin" && this.#store.credentials(user);
    return {
      isWritablePrimary: true,
      ...(("isMaster" in command || "ismaster" in command) && { ismaster: true, helloOk: true }),
      maxBsonObjectSize: LARGEST_DOCUMENT,
      maxMessageSizeBytes: LARGEST_MESSAGE,
      maxWriteBatchSize: MOST_WRITES,
      localTime: new Date(),
      logicalSessionTimeoutMinutes: 30,
      connectionId: connection.id,
      minWireVersion: 0,
      maxWireVersion: WIRE_VERSION,
      readOnly: false,
      ...(known && { saslSupportedMechs: MECHANISM_NAMES }),
    };
  }

  saslStart(command, connection) {
    if (!MECHANISM_NAMES.includes(command.mechanism)) throw new CommandError(2, `Received authentication for mechanism ${command.mechanism} which is not enabled`);
    const find = (user) => (command.$db === "admin" ? this.#store.credentials(user) : undefined);
    connection.talk = new Conversation(command.mechanism, find);
    return this.#said(connection, connection.talk.first(text(command.payload)), false);
  }

  saslContinue(command, connection) {
    if (!connection.talk) throw new CommandError(17, "No SASL session state found");
    if (connection.talkIsOver) return { conversationId: 1, done: true, payload: Buffer.alloc(0) };
    const answer = this.#said(connection, connection.talk.last(text(command.payload)), true);
    connection.talkIsOver = true;
    connection.username = connection.talk.username;
    return answer;
  }

  #said(connection, words, done) {
    if (words !== undefined) return { conversationId: 1, done, payload: Buffer.from(words) };
    connection.log("ACCESS", 5286307, "Failed to authenticate", { user: connection.talk.username ?? "", db: "admin" });
    throw new CommandError(18, "Authentication failed.");
  }

  logout(command, connection) {
    connection.username = undefined;
  }

  connectionStatus(command, { username }) {
    const authenticatedUsers = username ? [{ user: username, db: "admin" }] : [];
    const authenticatedUserRoles = username ? [{ role: "root", db: "admin" }] : [];
    return { authInfo: { authenticatedUsers, authenticatedUserRoles } };
  }

  startSession() {
    return { id: { id: new UUID() }, timeoutMinutes: 30 };
  }

  nothing() {
    return {};
  }

  // about the server ----------------------------------------------------------------------------------

  buildInfo() {
    return {
      version: VERSION,
      versionArray: [...VERSION.split(".").map(Number), 0],
      gitVersion: STAND_IN,
      modules: [],
      bits: 64,
      debug: false,
      maxBsonObjectSize: LARGEST_DOCUMENT,
      storageEngines: ["sqlite"],
    };
  }

  serverStatus() {
    const memory = process.memoryUsage();
    const uptime = (Date.now() - this.#began) / 1000;
    return {
      host: this.#settings.host,
      version: VERSION,
      process: "mongod",
      pid: Long.fromNumber(process.pid),
      uptime,
      uptimeMillis: Long.fromNumber(Math.round(uptime * 1000)),
      uptimeEstimate: Long.fromNumber(Math.round(uptime)),
      localTime: new Date(),
      connections: { current: this.#settings.connections(), available: 1000, totalCreated: this.#settings.totalConnections() },
      opcounters: { ...this.#counters },
      mem: { bits: 64, resident: Math.round(memory.rss / 2 ** 20), virtual: Math.round(memory.rss / 2 ** 20), supported: true },
      storageEngine: { name: "sqlite", persistent: true },
    };
  }

  hostInfo() {
    return { system: { currentTime: new Date(), hostname: this.#settings.host } };
  }

  getCmdLineOpts() {
    return { argv: ["mongod"], parsed: {} };
  }

  getParameter(command) {
    if (command.featureCompatibilityVersion) return { featureCompatibilityVersion: { version: "8.0" } };
    throw notHere("show its parameters");
  }

  getLog(command) {
    if (command.getLog !== "startupWarnings") throw notHere("keep a log in memory; it is on stdout");
    return { totalLinesWritten: 0, log: [] };
  }

  // databases and collections -------------------------------------------------------------------------

  listDatabases({ filter = {}, nameOnly }) {
    // MongoDB has the first three from its first start on.
    const names = [...new Set(["admin", "config", "local", ...this.#store.databases()])].sort();
    const found = names.map((name) => {
      const sizeOnDisk = this.#databaseSize(name).bytes;
      return { name, sizeOnDisk, empty: sizeOnDisk === 0 };
    });
    const databases = select(found, filter);
    if (nameOnly) return { databases: databases.map(({ name }) => ({ name })) };
    const totalSize = databases.reduce((sum, { sizeOnDisk }) => sum + sizeOnDisk, 0);
    return { databases, totalSize, totalSizeMb: Math.round(totalSize / 2 ** 20) };
  }

  #databaseSize(db) {
    const sizes = this.#store.collections(db).map((collection) => this.#store.size(collection));
    return {
      collections: sizes.length,
      count: sizes.reduce((sum, { count }) => sum + count, 0),
      bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  listCollections({ $db: db, filter = {}, nameOnly }) {
    const found = this.#store.collections(db).map(({ name, uuid }) => ({
      name,
      type: "collection",
      options: {},
      info: { readOnly: false, uuid },
      idIndex: { v: 2, key: { _id: 1 }, name: "_id_" },
    }));
    const shown = select(found, filter);
    return this.#cursor(`${db}.$cmd.listCollections`, nameOnly ? shown.map(({ name, type }) => ({ name, type })) : shown);
  }

  create({ $db: db, create: name }) {
    checkName(db, name);
    if (this.#store.collection(db, name)) throw new CommandError(48, `Collection ${db}.${name} already exists.`);
    this.#store.makeCollection(db, name);
  }

  drop({ $db: db, drop: name }) {
    const collection = this.#store.collection(db, name);
    if (!collection) return {};
    const nIndexesWas = this.#store.indexes(collection).length;
    this.#store.dropCollection(collection);
    return { nIndexesWas, ns: `${db}.${name}` };
  }

  dropDatabase({ $db: db }) {
    const collections = this.#store.collections(db);
    this.#store.whole(() => collections.forEach((collection) => this.#store.dropCollection(collection)));
    return collections.length ? { dropped: db } : {};
  }

  renameCollection({ renameCollection: from, to, dropTarget }) {
    const [fromDb, fromName] = splitOnce(from, ".");
    const [toDb, toName] = splitOnce(to, ".");
    checkName(toDb, toName);
    const collection = this.#store.collection(fromDb, fromName);
    if (!collection) throw new CommandError(26, `Source collection ${from} does not exist`);
    const target = this.#store.collection(toDb, toName);
    if (target && !dropTarget) throw new CommandError(48, "target namespace exists");
    this.#store.whole(() => {
      if (target) this.#store.dropCollection(target);
      this.#store.renameCollection(collection, toDb, toName);
    });
  }

  dbStats({ $db: db, scale = 1 }) {
    const { collections, count, bytes } = this.#databaseSize(db);
    const indexes = this.#store.collections(db).reduce((sum, one) => sum + this.#store.indexes(one).length, 0);
    const size = bytes / scale;
    return {
      db,
      collections,
      views: 0,
      objects: count,
      avgObjSize: count ? bytes / count : 0,
      dataSize: size,
      storageSize: size,
      indexes,
      indexSize: 0,
      totalSize: size,
      scaleFactor: scale,
    };
  }

  collStats({ $db: db, collStats: name, scale = 1 }) {
    const collection = this.#store.collection(db, name);
    const { count, bytes } = collection ? this.#store.size(collection) : { count: 0, bytes: 0 };
    const indexes = collection ? this.#store.indexes(collection) : [];
    return {
      ns: `${db}.${name}`,
      size: bytes / scale,
      count,
      ...(count && { avgObjSize: Math.round(bytes / count) }),
      storageSize: bytes / scale,
      totalIndexSize: 0,
      totalSize: bytes / scale,
      capped: false,
      nindexes: indexes.length,
      indexSizes: Object.fromEntries(indexes.map((spec) => [spec.name, 0])),
      scaleFactor: scale,
    };
  }

  // indexes -------------------------------------------------------------------------------------------

  createIndexes({ $db: db, createIndexes: name, indexes }) {
    checkName(db, name);
    const existed = Boolean(this.#store.collection(db, name));
    return this.#store.whole(() => {
      const collection = this.#store.makeCollection(db, name);
      const before = this.#store.indexes(collection).length;
      for (const spec of indexes) this.#createIndex(collection, spec);
      const after = this.#store.indexes(collection).length;
      return { numIndexesBefore: before, numIndexesAfter: after, createdCollectionAutomatically: !existed };
    });
  }

  #createIndex(collection, spec) {
    const strange = Object.keys(spec).find((field) => !INDEX_FIELDS.has(field));
    if (strange) throw notHere(`indexes with ${strange}`);
    for (const [field, way] of Object.entries(spec.key)) {
      if (Math.abs(way) !== 1 || field.includes("$")) throw notHere(`an index { ${field}: ${JSON.stringify(way)} }`);
    }
    const { background, ...kept } = { v: 2, ...spec };
    const same = this.#store.indexes(collection).find(({ key, name }) => name === spec.name || toBytes(key).equals(toBytes(spec.key)));
    if (!same) return this.#store.addIndex(collection, kept);
    const differs = same.name !== spec.name || !toBytes(same.key).equals(toBytes(spec.key)) || Boolean(same.unique) !== Boolean(spec.unique);
    if (differs && same.name !== "_id_") throw new CommandError(85, `Index already exists with a different name or options: ${same.name}`);
  }

  listIndexes({ $db: db, listIndexes: name }) {
    const collection = this.#store.collection(db, name);
    if (!collection) throw new CommandError(26, `ns does not exist: ${db}.${name}`);
    return this.#cursor(`${db}.${name}`, this.#store.indexes(collection));
  }

  dropIndexes({ $db: db, dropIndexes: name, index }) {
    const collection = this.#store.collection(db, name);
    if (!collection) throw new CommandError(26, `ns not found ${db}.${name}`);
    const indexes = this.#store.indexes(collection);
    if (typeof index !== "string") throw notHere("drop an index by anything but its name");
    const named = indexes.filter((spec) => spec.name !== "_id_" && (index === "*" || spec.name === index));
    if (index === "_id_") throw new CommandError(2, "cannot drop _id index");
    if (!named.length && index !== "*") throw new CommandError(27, `index not found with name [${index}]`);
    for (const spec of named) this.#store.dropIndex(collection, spec.name);
    return { nIndexesWas: indexes.length };
  }

  // reading -------------------------------------------------------------------------------------------

  #rows(collection, filter) {
    const { _id } = filter;
    const isPlain = _id !== undefined && (_id?._bsontype === "ObjectId" || ["string", "number"].includes(typeof _id));
    return isPlain ? this.#store.rowById(collection, _id) : this.#store.rows(collection);
  }

  find({ $db: db, find: name, filter = {}, let: variables, ...options }) {
    const { limit = 0, batchSize, singleBatch } = options;
    if (limit < 0) throw new CommandError(2, "limit must not be negative");
    const rows = this.#rows(this.#store.collection(db, name), filter);
    const found = find(rows, filter, { ...options, variables }).map((row) => row.exact);
    return this.#cursor(`${db}.${name}`, found, batchSize ?? FIRST_BATCH, singleBatch);
  }

  aggregate({ $db: db, aggregate: name, pipeline, cursor, explain, let: variables }) {
    if (explain) throw notHere("explain");
    if (typeof name !== "string") throw notHere("aggregate a database instead of a collection");
    if (!cursor) throw new CommandError(9, "The 'cursor' option is required, except for aggregate with the explain argument");
    const collection = (other) => this.#store.rows(this.#store.collection(db, other)).map((row) => row.values);
    const rows = this.#store.rows(this.#store.collection(db, name));
    const found = aggregate(rows, pipeline, { collection, variables });
    return this.#cursor(`${db}.${name}`, found, cursor.batchSize ?? FIRST_BATCH);
  }

  count({ $db: db, count: name, query = {}, skip = 0, limit = 0 }) {
    const rows = this.#rows(this.#store.collection(db, name), query);
    return { n: find(rows, query, { skip, limit: Math.abs(limit) }).length };
  }

  distinct({ $db: db, distinct: name, key, query = {} }) {
    const rows = this.#rows(this.#store.collection(db, name), query);
    const found = new Map();
    for (const row of find(rows, query)) {
      for (const value of valuesAt(row.values, key.split("."))) found.set(toBytes({ value }).toString("latin1"), value);
    }
    return { values: [...found.values()].sort((a, b) => (typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : 0)) };
  }

  #cursor(ns, documents, size = FIRST_BATCH, single = false) {
    const [firstBatch, rest] = batch(documents, size);
    let id = 0;
    if (rest.length && !single) {
      id = ++this.#lastCursor;
      this.#cursors.set(id, { ns, rest, used: Date.now() });
    }
    return { cursor: { firstBatch, id: Long.fromNumber(id), ns } };
  }

  getMore({ $db: db, getMore: number, collection, batchSize }) {
    for (const [other, { used }] of this.#cursors) if (Date.now() - used > CURSOR_IDLE_MS) this.#cursors.delete(other);
    const id = Number(number);
    const cursor = this.#cursors.get(id);
    if (!cursor || cursor.ns !== `${db}.${collection}`) throw new CommandError(43, `cursor id ${id} not found`);
    const [nextBatch, rest] = batch(cursor.rest, batchSize || Infinity);
    Object.assign(cursor, { rest, used: Date.now() });
    if (!rest.length) this.#cursors.delete(id);
    return { cursor: { nextBatch, id: Long.fromNumber(rest.length ? id : 0), ns: cursor.ns } };
  }

  killCursors({ cursors }) {
    const killed = cursors.filter((id) => this.#cursors.delete(Number(id)));
    return { cursorsKilled: killed, cursorsNotFound: cursors.filter((id) => !killed.includes(id)), cursorsAlive: [], cursorsUnknown: [] };
  }

  // writing -------------------------------------------------------------------------------------------

  // Each write is whole; one that is refused stops the rest, unless order does not matter.
  #each(items, isOrdered, work) {
    if (!Array.isArray(items) || items.length > MOST_WRITES) throw new CommandError(2, "a write holds 1 to 100000 items");
    const writeErrors = [];
    for (const [index, item] of items.entries()) {
      try {
        this.#store.whole(() => work(item, index));
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        writeErrors.push({ index, code: error.code, errmsg: error.message, ...error.more });
        if (isOrdered !== false) break;
      }
    }
    return writeErrors.length ? { writeErrors } : {};
  }

  insert({ $db: db, insert: name, documents, ordered }, connection, exact) {
    checkName(db, name);
    let n = 0;
    const kept = exact().documents;
    // One transaction around all: a thousand documents are one write to the disk.
    const errors = this.#store.whole(() => {
      const collection = this.#store.makeCollection(db, name);
      return this.#each(documents, ordered, (values, index) => {
        checkedDocument(values);
        const { _id = new ObjectId(), ...rest } = kept[index];
        this.#store.insert(collection, { _id, ...rest });
        n += 1;
      });
    });
    return { n, ...errors };
  }

  update({ $db: db, update: name, updates, ordered, let: variables }) {
    checkName(db, name);
    const upsertedIds = [];
    let n = 0;
    let nModified = 0;
    const errors = this.#each(updates, ordered, (item, index) => {
      const strange = Object.keys(item).find((field) => !UPDATE_FIELDS.has(field));
      if (strange) throw notHere(`updates with ${strange}`);
      const { q: filter, u: change, multi = false, upsert = false, arrayFilters, sort } = item;
      if (multi && !Array.isArray(change) && !Object.keys(change).some((key) => key.startsWith("$"))) throw new CommandError(9, "multi update is not supported for replacement-style update");
      const collection = this.#store.makeCollection(db, name);
      const rows = find(this.#rows(collection, filter), filter, { limit: multi ? 0 : 1, sort, variables });
      for (const row of rows) nModified += this.#change(collection, row, change, { filter, arrayFilters, variables });
      n += rows.length;
      if (rows.length || !upsert) return;
      const made = upserted(filter, change, { arrayFilters, variables });
      this.#store.insert(collection, made);
      upsertedIds.push({ index, _id: made._id });
      n += 1;
    });
    return { n, nModified, ...(upsertedIds.length && { upserted: upsertedIds }), ...errors };
  }

  #change(collection, row, change, options) {
    const after = changed(row.values, change, options);
    if (toBytes(after).equals(toBytes(row.values))) return 0;
    this.#store.replace(collection, row, after);
    return 1;
  }

  delete({ $db: db, delete: name, deletes, ordered }) {
    let n = 0;
    const errors = this.#each(deletes, ordered, (item) => {
      const strange = Object.keys(item).find((field) => !DELETE_FIELDS.has(field));
      if (strange) throw notHere(`deletes with ${strange}`);
      const { q: filter, limit } = item;
      const rows = find(this.#rows(this.#store.collection(db, name), filter), filter, { limit });
      for (const row of rows) this.#store.remove(row);
      n += rows.length;
    });
    return { n, ...errors };
  }

  findAndModify(command) {
    const { $db: db, query = {}, sort, remove, update: change, new: wantsNew = false, upsert, fields, arrayFilters } = command;
    const name = command.findAndModify ?? command.findandmodify;
    checkName(db, name);
    if (Boolean(remove) === Boolean(change)) throw new CommandError(9, "Either an update or remove=true must be specified");
    return this.#store.whole(() => {
      const collection = this.#store.makeCollection(db, name);
      const [row] = find(this.#rows(collection, query), query, { sort, limit: 1 });
      const shown = (values) => (values ? (find([{ values, exact: values }], {}, { projection: fields })[0].exact) : null);
      if (remove) {
        if (row) this.#store.remove(row);
        return { lastErrorObject: { n: row ? 1 : 0 }, value: shown(row?.values) };
      }
      if (row) {
        const after = changed(row.values, change, { filter: query, arrayFilters });
        this.#store.replace(collection, row, after);
        return { lastErrorObject: { n: 1, updatedExisting: true }, value: shown(wantsNew ? after : row.values) };
      }
      if (!upsert) return { lastErrorObject: { n: 0, updatedExisting: false }, value: null };
      const made = upserted(query, change, { arrayFilters });
      this.#store.insert(collection, made);
      return { lastErrorObject: { n: 1, updatedExisting: false, upserted: made._id }, value: shown(wantsNew ? made : null) };
    });
  }
}

const INDEX_FIELDS = new Set(["v", "key", "name", "unique", "sparse", "background", "ns"]);
const UPDATE_FIELDS = new Set(["q", "u", "multi", "upsert", "arrayFilters", "sort", "hint"]);
const DELETE_FIELDS = new Set(["q", "limit", "hint"]);

// open: before a login too. admin: only in that database. fields: what is understood beside EVERYWHERE.
const known = (method, fields, more = {}) => ({ method, fields: fields && new Set(fields.split(" ")), ...more });
const open = { open: true };
const COMMANDS = {
  hello: known("hello", undefined, open),
  isMaster: known("hello", undefined, open),
  ismaster: known("hello", undefined, open),
  ping: known("nothing", undefined, open),
  saslStart: known("saslStart", undefined, open),
  saslContinue: known("saslContinue", undefined, open),
  logout: known("logout", undefined, open),
  connectionStatus: known("connectionStatus", undefined, open),
  buildInfo: known("buildInfo", undefined, open),
  buildinfo: known("buildInfo", undefined, open),
  endSessions: known("nothing", undefined, open),
  startSession: known("startSession"),
  refreshSessions: known("nothing"),
  serverStatus: known("serverStatus"),
  hostInfo: known("hostInfo"),
  getCmdLineOpts: known("getCmdLineOpts"),
  getParameter: known("getParameter"),
  getLog: known("getLog"),
  listDatabases: known("listDatabases", "filter nameOnly authorizedDatabases", { admin: true }),
  listCollections: known("listCollections", "filter nameOnly authorizedCollections cursor"),
  create: known("create", "autoIndexId"),
  drop: known("drop", ""),
  dropDatabase: known("dropDatabase", ""),
  renameCollection: known("renameCollection", "to dropTarget", { admin: true }),
  dbStats: known("dbStats", "scale freeStorage"),
  dbstats: known("dbStats", "scale freeStorage"),
  collStats: known("collStats", "scale"),
  createIndexes: known("createIndexes", "indexes commitQuorum"),
  listIndexes: known("listIndexes", "cursor"),
  dropIndexes: known("dropIndexes", "index"),
  find: known("find", "filter sort projection skip limit batchSize singleBatch let"),
  aggregate: known("aggregate", "pipeline cursor explain let"),
  count: known("count", "query skip limit fields"),
  distinct: known("distinct", "key query"),
  getMore: known("getMore", "collection batchSize"),
  killCursors: known("killCursors", "cursors"),
  insert: known("insert", "documents ordered"),
  update: known("update", "updates ordered let"),
  delete: known("delete", "deletes ordered"),
  findAndModify: known("findAndModify", "query sort remove update new upsert fields arrayFilters"),
  findandmodify: known("findAndModify", "query sort remove update new upsert fields arrayFilters"),
};

const text = (payload) => Buffer.from(payload?.buffer ?? payload ?? "").toString("utf8");

function splitOnce(whole, by) {
  const at = whole.indexOf(by);
  return at < 0 ? [whole, ""] : [whole.slice(0, at), whole.slice(at + by.length)];
}

function checkName(db, name) {
  const isRight = typeof name === "string" && name && !name.includes("$") && !name.includes("\0") && !name.startsWith(".");
  if (!isRight || !/^[^/\\. "$\0]{1,63}$/.test(db)) throw new CommandError(73, `Invalid namespace specified '${db}.${name}'`);
  if (name.startsWith("system.")) throw notHere(`write to ${name}`);
}

function select(documents, filter) {
  checkValues(filter);
  return find(documents.map((values) => ({ values })), filter).map((row) => row.values);
}

// As many documents as fit into one answer.
function batch(documents, size) {
  let bytes = 0;
  let at = 0;
  while (at < documents.length && at < size) {
    bytes += calculateObjectSize(documents[at]);
    if (bytes > BATCH_BYTES && at > 0) break;
    at += 1;
  }
  return [documents.slice(0, at), documents.slice(at)];
}
