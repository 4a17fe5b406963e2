// The errors that MongoDB names, with its codes, so that drivers and people read what they know.
const NAMES = {
  2: "BadValue",
  9: "FailedToParse",
  13: "Unauthorized",
  18: "AuthenticationFailed",
  20: "IllegalOperation",
  26: "NamespaceNotFound",
  27: "IndexNotFound",
  43: "CursorNotFound",
  48: "NamespaceExists",
  59: "CommandNotFound",
  66: "ImmutableField",
  67: "CannotCreateIndex",
  73: "InvalidNamespace",
  85: "IndexOptionsConflict",
  115: "CommandNotSupported",
  238: "NotImplemented",
  10334: "BSONObjectTooLarge",
  11000: "DuplicateKey",
  40324: "Location40324",
  40415: "IDLUnknownField",
};

export class CommandError extends Error {
  constructor(code, message, more = {}) {
    super(message);
    this.code = code;
    this.more = more;
  }

  get document() {
    return { ok: 0, errmsg: this.message, code: this.code, codeName: NAMES[this.code], ...this.more };
  }
}

// What real MongoDB does and this does not. Refused in words, never answered wrongly.
export function notHere(what) {
  return new CommandError(238, `the course's stand-in for MongoDB can't do this: ${what}`);
}
