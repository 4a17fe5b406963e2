// SCRAM-SHA-1 and SCRAM-SHA-256, the server's side (RFC 5802, RFC 7677, and MongoDB's way with SHA-1).
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";

const MECHANISMS = {
  "SCRAM-SHA-1": { hash: "sha1", bytes: 20, rounds: 10_000 },
  "SCRAM-SHA-256": { hash: "sha256", bytes: 32, rounds: 15_000 },
};
export const MECHANISM_NAMES = Object.keys(MECHANISMS);

// With SHA-1 MongoDB's password is a digest of name and password.
function prepared(mechanism, username, password) {
  if (mechanism === "SCRAM-SHA-256") return password.normalize("NFKC");
  return createHash("md5").update(`${username}:mongo:${password}`).digest("hex");
}

// What the server keeps of a password: enough to check it, too little to use it.
export function makeCredentials(username, password) {
  const made = {};
  for (const [mechanism, { hash, bytes, rounds }] of Object.entries(MECHANISMS)) {
    const salt = randomBytes(bytes - 4);
    const salted = pbkdf2Sync(prepared(mechanism, username, password), salt, rounds, bytes, hash);
    const clientKey = createHmac(hash, salted).update("Client Key").digest();
    made[mechanism] = {
      rounds,
      salt: salt.toString("base64"),
      storedKey: createHash(hash).update(clientKey).digest("base64"),
      serverKey: createHmac(hash, salted).update("Server Key").digest("base64"),
    };
  }
  return made;
}

// One conversation: first() then last(); each gives the text to send, or undefined for "refused".
export class Conversation {
  #mechanism;
  #find;
  #kept;
  #nonce;
  #signed;
  username;

  constructor(mechanism, find) {
    this.#mechanism = mechanism;
    this.#find = find;
  }

  first(payload) {
    const [, bare] = /^n,,(.*)$/s.exec(payload) ?? [];
    const [, name, theirs] = /^n=([^,]*),r=([^,]+)$/.exec(bare ?? "") ?? [];
    if (!theirs) return undefined;
    this.username = name.replaceAll("=2C", ",").replaceAll("=3D", "=");
    this.#kept = this.#find(this.username)?.[this.#mechanism];
    if (!this.#kept) return undefined;
    this.#nonce = theirs + randomBytes(24).toString("base64");
    const answer = `r=${this.#nonce},s=${this.#kept.salt},i=${this.#kept.rounds}`;
    this.#signed = `${bare},${answer}`;
    return answer;
  }

  last(payload) {
    const [, without, nonce, proof] = /^(c=biws,r=([^,]+)),p=([^,]+)$/.exec(payload) ?? [];
    if (!proof || nonce !== this.#nonce) return undefined;
    const { hash } = MECHANISMS[this.#mechanism];
    const signed = `${this.#signed},${without}`;
    const signature = createHmac(hash, Buffer.from(this.#kept.storedKey, "base64")).update(signed).digest();
    const given = Buffer.from(proof, "base64");
    if (given.length !== signature.length) return undefined;
    const clientKey = Buffer.from(signature.map((byte, at) => byte ^ given[at]));
    const derived = createHash(hash).update(clientKey).digest();
    if (!timingSafeEqual(derived, Buffer.from(this.#kept.storedKey, "base64"))) return undefined;
    return `v=${createHmac(hash, Buffer.from(this.#kept.serverKey, "base64")).update(signed).digest("base64")}`;
  }
}
