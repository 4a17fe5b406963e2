// What filters, updates and pipelines mean. mingo knows; here stands what it must not be asked.
import { calculateObjectSize, ObjectId } from "bson";
import { Aggregator, Query, update } from "mingo";
import { CommandError, notHere } from "./errors.js";
import { toBytes, toValues } from "./wire.js";

export const LARGEST_DOCUMENT = 16 * 1024 * 1024;
// Types that are compared as they should be. The others are refused at the door.
const HELD = new Set(["ObjectId", "Binary", "Int32", "Double", "BSONRegExp"]);
const HELD_CLASSES = new Set([Object, Array, Date, RegExp]);
const NO_STAGES = new Set(["$out", "$merge"]);
const NO_OPERATORS = new Set(["$where", "$function", "$accumulator", "$jsonSchema", "$text", "$near", "$nearSphere",
  "$geoWithin", "$geoIntersects", "$meta", "$comment", "$rand", "$toDecimal"]); // prettier-ignore

const OPTIONS = { useStrictMode: true, scriptEnabled: false };

// A value that the stand-in can hold and compare rightly, all the way down; else an error that names it.
export function checkValues(value, path = "") {
  if (value === null || typeof value !== "object") return;
  if (value._bsontype === "Long" || value._bsontype === "Timestamp") {
    // An exact read keeps a Long as Long; its number is safe where JavaScript's is.
    if (value._bsontype === "Long" && Number.isSafeInteger(value.toNumber())) return;
    throw notHere(`hold the ${value._bsontype} ${value} (${path})`);
  }
  if (value._bsontype) {
    if (HELD.has(value._bsontype)) return;
    throw notHere(`hold a value of type ${value._bsontype} (${path})`);
  }
  if (!HELD_CLASSES.has(value.constructor)) throw notHere(`hold a ${value.constructor?.name} (${path})`);
  for (const [name, part] of Object.entries(value)) checkValues(part, path ? `${path}.${name}` : name);
}

function checkOperators(value) {
  if (value === null || typeof value !== "object" || value._bsontype) return;
  for (const [name, part] of Object.entries(value)) {
    if (NO_OPERATORS.has(name)) throw notHere(name);
    checkOperators(part);
  }
}

// mingo's complaints become MongoDB's "bad value"; ours pass.
function asked(work) {
  try {
    return work();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(2, error.message);
  }
}

export function find(rows, filter, { sort, skip = 0, limit = 0, projection, variables } = {}) {
  checkValues(filter);
  checkOperators([filter, projection]);
  return asked(() => {
    const query = new Query(filter, { ...OPTIONS, variables });
    let found = rows.filter((row) => query.test(row.values));
    const natural = sort?.$natural;
    if (natural) {
      if (Object.keys(sort).length > 1) throw new CommandError(2, "$natural sort cannot be set to a value other than -1 or 1.");
      if (natural < 0) found.reverse();
    } else if (sort && Object.keys(sort).length) {
      checkSort(sort);
      const byValues = new Map(found.map((row) => [row.values, row]));
      const ordered = new Query({}, OPTIONS).find(found.map((row) => row.values)).sort(sort).all();
      found = ordered.map((values) => byValues.get(values));
    }
    found = found.slice(skip, limit ? skip + limit : undefined);
    if (!projection || !Object.keys(projection).length) return found;
    const shown = new Query(filter, { ...OPTIONS, variables }).find(found.map((row) => row.values), projection).all();
    return shown.map((values) => ({ values, exact: values }));
  });
}

function checkSort(sort) {
  for (const [field, way] of Object.entries(sort)) {
    if (way !== 1 && way !== -1) throw new CommandError(2, `$sort key ordering must be 1 (for ascending) or -1 (for descending): ${field}`);
  }
}

export function aggregate(rows, pipeline, { collection, variables }) {
  checkValues(pipeline);
  checkOperators(pipeline);
  checkStages(pipeline);
  // Copies, because stages may change what they are given.
  return asked(() => {
    const options = { ...OPTIONS, variables, collectionResolver: collection };
    return new Aggregator(pipeline, options).run(rows.map((row) => toValues(row.bytes)));
  });
}

function checkStages(pipeline) {
  for (const stage of pipeline) {
    const [name, expression] = Object.entries(stage)[0] ?? ["nothing"];
    if (NO_STAGES.has(name)) throw notHere(`the stage ${name}`);
    if (!KNOWN_STAGES.has(name)) throw new CommandError(40324, `Unrecognized pipeline stage name: '${name}' (in the course's stand-in)`);
    if (Array.isArray(expression?.pipeline)) checkStages(expression.pipeline);
    if (name === "$facet") for (const part of Object.values(expression)) checkStages(part);
    if (name === "$sort") checkSort(expression);
  }
}

const KNOWN_STAGES = new Set(["$match", "$group", "$sort", "$limit", "$skip", "$project", "$addFields", "$set", "$unset",
  "$count", "$unwind", "$replaceRoot", "$replaceWith", "$sortByCount", "$sample", "$facet", "$bucket", "$lookup",
  "$unionWith"]); // prettier-ignore

// The document after *change*. Fields are taken in the order of their names, as MongoDB does since 5.0.
export function changed(values, change, { filter = {}, arrayFilters, inserting = false, variables } = {}) {
  checkValues(change);
  checkOperators(change);
  const before = values._id;
  let after = toValues(toBytes(values));
  if (Array.isArray(change)) {
    for (const stage of change) {
      if (!PIPELINE_UPDATES.has(Object.keys(stage)[0])) throw new CommandError(9, "this stage is not for updates");
    }
    [after] = asked(() => new Aggregator(change, { ...OPTIONS, variables }).run([after]));
  } else if (isReplacement(change)) {
    after = "_id" in after && !("_id" in change) ? { _id: after._id, ...change } : { ...change };
  } else {
    const operators = ordered(change, inserting);
    if (Object.keys(operators).length) {
      // The filter says which element `$` means; a new document has none.
      const condition = inserting ? {} : filter;
      asked(() => update(after, operators, arrayFilters ?? [], condition, { cloneMode: "copy", queryOptions: OPTIONS }));
    }
  }
  if (before !== undefined && !toBytes({ _id: before }).equals(toBytes({ _id: after._id ?? null }))) {
    throw new CommandError(66, "Performing an update on the path '_id' would modify the immutable field '_id'");
  }
  return checkedDocument(after);
}

const PIPELINE_UPDATES = new Set(["$addFields", "$set", "$project", "$unset", "$replaceRoot", "$replaceWith"]);

export function isReplacement(change) {
  const names = Object.keys(change);
  const operators = names.filter((name) => name.startsWith("$"));
  if (operators.length && operators.length < names.length) {
    throw new CommandError(9, "an update holds either operators or fields, not both");
  }
  return operators.length === 0;
}

function ordered(change, inserting) {
  const { $setOnInsert = {}, ...operators } = change;
  if (inserting && Object.keys($setOnInsert).length) operators.$set = { ...operators.$set, ...$setOnInsert };
  const found = {};
  for (const [name, fields] of Object.entries(operators)) {
    if (fields === null || typeof fields !== "object" || Array.isArray(fields)) {
      throw new CommandError(9, `Modifiers operate on fields but we found type ${typeof fields} instead. (${name})`);
    }
    const names = Object.keys(fields).sort();
    if (names.length) found[name] = Object.fromEntries(names.map((field) => [field, fields[field]]));
    else if (!KNOWN_UPDATES.has(name)) throw unknownModifier(name);
  }
  const unknown = Object.keys(found).find((name) => !KNOWN_UPDATES.has(name));
  if (unknown) throw unknownModifier(unknown);
  return found;
}

const unknownModifier = (name) =>
  new CommandError(9, `Unknown modifier: ${name}. Expected a valid update modifier or pipeline-style update specified as an array`);

const KNOWN_UPDATES = new Set(["$addToSet", "$bit", "$currentDate", "$inc", "$max", "$min", "$mul", "$pop", "$pull",
  "$pullAll", "$push", "$rename", "$set", "$unset"]); // prettier-ignore

// The document that an upsert makes: what the filter demands, then the change.
export function upserted(filter, change, options) {
  const seed = {};
  if (Array.isArray(change) || !isReplacement(change)) demand(filter, seed);
  else if ("_id" in filter && !isOperators(filter._id)) seed._id = filter._id;
  const made = changed(seed, change, { ...options, filter, inserting: true });
  const { _id = new ObjectId(), ...rest } = made;
  return { _id, ...rest };
}

function demand(filter, seed) {
  for (const [name, value] of Object.entries(filter)) {
    if (name === "$and") for (const part of value) demand(part, seed);
    else if (name.startsWith("$")) continue;
    else if (!isOperators(value)) put(seed, name.split("."), value);
    else if ("$eq" in value) put(seed, name.split("."), value.$eq);
  }
}

const isOperators = (value) =>
  value instanceof RegExp ||
  (value?.constructor === Object && Object.keys(value).some((name) => name.startsWith("$")));

function put(target, [step, ...rest], value) {
  if (!rest.length) target[step] = value;
  else put((target[step] ??= {}), rest, value);
}

export function checkedDocument(values) {
  checkValues(values);
  const wrong = Object.keys(values).find((name) => name.startsWith("$"));
  if (wrong) throw new CommandError(2, `The dollar ($) prefixed field '${wrong}' is not allowed`);
  if (Array.isArray(values._id) || values._id instanceof RegExp) {
    throw new CommandError(2, "The '_id' value cannot be of type array or regex");
  }
  if (calculateObjectSize(values) > LARGEST_DOCUMENT) throw new CommandError(10334, "a document is larger than 16 MB");
  return values;
}
