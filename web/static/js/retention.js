// How long records are kept: says what a change would delete before it is saved.
import { savedTo, words } from "./settings-form.js";

const form = document.querySelector("[data-retention]");
const api = form.dataset.retention;
const would = form.querySelector("[data-would]");
let asked = 0;

function values() {
  return Object.fromEntries(new FormData(form));
}

function say(text, tone) {
  would.textContent = text;
  would.className = text ? `notice ${tone}` : "";
}

async function preview() {
  const number = ++asked;
  if (!form.checkValidity()) return say("", "");
  const { revision, ...days } = values();
  const answer = await fetch(`${api}/preview?${new URLSearchParams(days)}`);
  if (number !== asked || !answer.ok) return;
  const { deletes } = await answer.json();
  const parts = Object.entries(deletes).map(([what, count]) => `${words[what] ?? what}: ${count}`);
  if (parts.length) say(would.dataset.deletes.replace("{what}", parts.join(", ")), "warn");
  else say(would.dataset.nothing, "ok");
}

savedTo(api, form, values);
form.addEventListener("input", preview);
preview();
