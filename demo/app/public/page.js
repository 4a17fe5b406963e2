// Shows the profile, and saves it. Text goes in as text, never as HTML.
const FIELDS = ["name", "email", "interests"];
const element = (id) => document.getElementById(id);
let profile = {};

function say(text, isError = false) {
  element("message").textContent = text;
  element("message").classList.toggle("error", isError);
}

function show(answer) {
  profile = answer;
  for (const field of FIELDS) element(`shown-${field}`).textContent = profile[field];
  element("edit").disabled = false;
}

function editing(on) {
  for (const field of FIELDS) if (on) element(field).value = profile[field];
  element("form").hidden = !on;
  element("shown").hidden = on;
  element("edit").hidden = on;
  element(on ? "name" : "edit").focus();
}

async function ask(path, options) {
  const answer = await fetch(path, options);
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error);
  return content;
}

element("edit").addEventListener("click", () => {
  say("");
  editing(true);
});
element("cancel").addEventListener("click", () => editing(false));

element("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(event.target));
  try {
    show(
      await ask("/update-profile", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(fields),
      }),
    );
    editing(false);
    say("Saved.");
  } catch (error) {
    say(`Not saved: ${error.message}`, true);
  }
});

try {
  show(await ask("/get-profile"));
  say(profile.saved ? "" : "Nothing is saved yet: this is an example.");
} catch (error) {
  say(`No profile: ${error.message}`, true);
}

// Also when the database is away, this says which version on which host answers.
const { version, host } = await (await fetch("/health")).json();
element("served").textContent = `Version ${version}, served by ${host}`;
