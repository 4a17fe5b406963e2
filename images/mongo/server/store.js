// Documents in one SQLite file: whole or not at all, also when the power goes. It knows no query.
import { randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { CommandError } from "./errors.js";
import { toBytes, toExact, toValues } from "./wire.js";

const TABLES = `
  CREATE TABLE IF NOT EXISTS users (name TEXT PRIMARY KEY, credentials TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS collections (
    id INTEGER PRIMARY KEY, db TEXT NOT NULL, name TEXT NOT NULL, uuid TEXT NOT NULL, UNIQUE (db, name));
  CREATE TABLE IF NOT EXISTS indexes (
    collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
    name TEXT NOT NULL, spec BLOB NOT NULL, PRIMARY KEY (collection, name));
  CREATE TABLE IF NOT EXISTS documents (
    seq INTEGER PRIMARY KEY, collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
    id BLOB NOT NULL, bson BLOB NOT NULL, UNIQUE (collection, id));
`;

// One stored document; its values are read when somebody asks.
class Row {
  #values;

  constructor({ seq, bson }) {
    this.seq = seq;
    this.bytes = Buffer.from(bson);
  }

  get values() {
    return (this.#values ??= toValues(this.bytes));
  }

  get exact() {
    return toExact(this.bytes);
  }
}

export class Store {
  #file;
  #prepared = new Map();

  constructor(path) {
    this.#file = new DatabaseSync(path);
    // Exclusive: a second server on the same files is refused, as MongoDB's lock file does it.
    this.#file.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    this.#file.exec(`PRAGMA foreign_keys = ON; BEGIN EXCLUSIVE; ${TABLES}; COMMIT`);
  }

  close() {
    this.#file.close();
  }

  #sql(text) {
    if (!this.#prepared.has(text)) this.#prepared.set(text, this.#file.prepare(text));
    return this.#prepared.get(text);
  }

  // All that *work* writes, or nothing of it.
  whole(work) {
    this.#file.exec("SAVEPOINT work");
    try {
      const result = work();
      this.#file.exec("RELEASE work");
      return result;
    } catch (error) {
      this.#file.exec("ROLLBACK TO work; RELEASE work");
      throw error;
    }
  }

  // users ---------------------------------------------------------------------------------------------

  hasUsers() {
    return this.#sql("SELECT count(*) AS n FROM users").get().n > 0;
  }

  addUser(name, credentials) {
    this.#sql("INSERT INTO users VALUES (?, ?)").run(name, JSON.stringify(credentials));
  }

  credentials(name) {
    const found = this.#sql("SELECT credentials FROM users WHERE name = ?").get(name);
    return found && JSON.parse(found.credentials);
  }

  // collections ---------------------------------------------------------------------------------------

  databases() {
    return this.#sql("SELECT DISTINCT db FROM collections ORDER BY db").all().map((row) => row.db);
  }

  collections(db) {
    return this.#sql("SELECT * FROM collections WHERE db = ? ORDER BY name").all(db);
  }

  collection(db, name) {
    return this.#sql("SELECT * FROM collections WHERE db = ? AND name = ?").get(db, name);
  }

  makeCollection(db, name) {
    this.#sql("INSERT OR IGNORE INTO collections (db, name, uuid) VALUES (?, ?, ?)").run(db, name, randomUUID());
    return this.collection(db, name);
  }

  dropCollection({ id }) {
    this.#sql("DELETE FROM collections WHERE id = ?").run(id);
  }

  renameCollection({ id }, db, name) {
    this.#sql("UPDATE collections SET db = ?, name = ? WHERE id = ?").run(db, name, id);
  }

  size({ id }) {
    const found = "SELECT count(*) AS count, coalesce(sum(length(bson)), 0) AS bytes FROM documents WHERE collection = ?";
    return this.#sql(found).get(id);
  }

  // documents -----------------------------------------------------------------------------------------

  rows(collection) {
    if (!collection) return [];
    const found = this.#sql("SELECT seq, bson FROM documents WHERE collection = ? ORDER BY seq").all(collection.id);
    return found.map((row) => new Row(row));
  }

  rowById(collection, id) {
    if (!collection) return [];
    const found = this.#sql("SELECT seq, bson FROM documents WHERE collection = ? AND id = ?");
    return found.all(collection.id, toBytes({ _id: id })).map((row) => new Row(row));
  }

  insert(collection, exact) {
    const bytes = toBytes(exact);
    const { _id } = toValues(bytes);
    const id = toBytes({ _id });
    if (this.#sql("SELECT 1 FROM documents WHERE collection = ? AND id = ?").get(collection.id, id)) {
      throw duplicate(collection, "_id_", { _id: 1 }, { _id });
    }
    this.#checkUnique(collection, toValues(bytes), undefined);
    this.#sql("INSERT INTO documents (collection, id, bson) VALUES (?, ?, ?)").run(collection.id, id, bytes);
  }

  replace(collection, row, values) {
    this.#checkUnique(collection, values, row.seq);
    this.#sql("UPDATE documents SET bson = ? WHERE seq = ?").run(toBytes(values), row.seq);
  }

  remove(row) {
    this.#sql("DELETE FROM documents WHERE seq = ?").run(row.seq);
  }

  // indexes: they make nothing faster here; the unique ones are kept -------------------------------------

  indexes({ id }) {
    const kept = this.#sql("SELECT spec FROM indexes WHERE collection = ? ORDER BY rowid").all(id);
    return [{ v: 2, key: { _id: 1 }, name: "_id_" }, ...kept.map((row) => toValues(Buffer.from(row.spec)))];
  }

  addIndex(collection, spec) {
    if (spec.unique) {
      const seen = new Map();
      for (const row of this.rows(collection)) {
        for (const key of keys(row.values, spec)) {
          if (seen.has(key.text)) throw duplicate(collection, spec.name, spec.key, key.value);
        }
        for (const key of keys(row.values, spec)) seen.set(key.text, row);
      }
    }
    this.#sql("INSERT INTO indexes VALUES (?, ?, ?)").run(collection.id, spec.name, toBytes(spec));
  }

  dropIndex({ id }, name) {
    this.#sql("DELETE FROM indexes WHERE collection = ? AND name = ?").run(id, name);
  }

  #checkUnique(collection, values, butSeq) {
    const unique = this.indexes(collection).filter((spec) => spec.unique);
    if (!unique.length) return;
    const others = this.rows(collection).filter((row) => row.seq !== butSeq);
    for (const spec of unique) {
      const taken = new Set(others.flatMap((row) => keys(row.values, spec).map((key) => key.text)));
      const twice = keys(values, spec).find((key) => taken.has(key.text));
      if (twice) throw duplicate(collection, spec.name, spec.key, twice.value);
    }
  }
}

// The keys of a document in an index: one, or one for each element of an array. Missing counts as null.
function keys(values, { key, sparse }) {
  let found = [{}];
  let present = false;
  for (const path of Object.keys(key)) {
    const at = valuesAt(values, path.split("."));
    present ||= at.length > 0;
    const each = at.length ? at : [null];
    found = found.flatMap((made) => each.map((value) => ({ ...made, [path]: value })));
  }
  if (sparse && !present) return [];
  return found.map((value) => ({ value, text: toBytes(value).toString("latin1") }));
}

export function valuesAt(value, path) {
  if (!path.length) return Array.isArray(value) ? value : [value];
  if (Array.isArray(value)) {
    const [step, ...rest] = path;
    const byNumber = /^\d+$/.test(step) && step in value ? valuesAt(value[step], rest) : [];
    return [...byNumber, ...value.flatMap((part) => (isObject(part) ? valuesAt(part, path) : []))];
  }
  if (!isObject(value) || !Object.hasOwn(value, path[0])) return [];
  return valuesAt(value[path[0]], path.slice(1));
}

const isObject = (value) => value !== null && typeof value === "object" && value.constructor === Object;

function duplicate({ db, name }, index, keyPattern, keyValue) {
  const shown = Object.entries(keyValue).map(([field, value]) => `${field}: ${shownValue(value)}`);
  const text = `E11000 duplicate key error collection: ${db}.${name} index: ${index} dup key: { ${shown.join(", ")} }`;
  return new CommandError(11000, text, { keyPattern, keyValue });
}

function shownValue(value) {
  if (value?._bsontype === "ObjectId") return `ObjectId('${value}')`;
  return JSON.stringify(value);
}
