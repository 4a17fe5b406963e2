// What a profile is, and what may be written into it.
const LONGEST = { name: 100, email: 200, interests: 500 };

// Shown until something is saved.
export const DEFAULTS = {
  name: "Ada Example",
  email: "ada@example.org",
  interests: "containers",
};

// The fields to write, or the one reason why not. Only strings pass, so no query operator gets in.
export function checkFields(body) {
  if (body === null || typeof body !== "object" || Array.isArray(body)) {
    return { problem: "send a JSON object" };
  }
  const names = Object.keys(body);
  if (names.length === 0)
    return { problem: `send at least one of ${Object.keys(LONGEST).join(", ")}` };
  for (const name of names) {
    if (!Object.hasOwn(LONGEST, name)) return { problem: `unknown field: ${name.slice(0, 40)}` };
    if (typeof body[name] !== "string") return { problem: `${name} must be text` };
    if (body[name].length > LONGEST[name]) {
      return { problem: `${name} is longer than ${LONGEST[name]} characters` };
    }
  }
  if ("name" in body && !body.name.trim()) return { problem: "name must not be empty" };
  if ("email" in body && !/^[^\s@]+@[^\s@]+$/.test(body.email)) {
    return { problem: "email must look like name@example.org" };
  }
  return { fields: { ...body } };
}
