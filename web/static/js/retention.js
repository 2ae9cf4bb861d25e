// How long records are kept: says what a change would delete before it is saved.
import { send } from "./app.js";

const form = document.querySelector("[data-retention]");
const would = form.querySelector("[data-would]");
const problem = document.querySelector("[data-problem]");
const saved = document.querySelector("[data-saved]");
const words = Object.fromEntries([...document.querySelectorAll("[data-words] dt")]
  .map((key) => [key.textContent, key.nextElementSibling.textContent]));
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
  const answer = await fetch(`${form.dataset.retention}/preview?${new URLSearchParams(days)}`);
  if (number !== asked || !answer.ok) return;
  const { deletes } = await answer.json();
  const parts = Object.entries(deletes).map(([what, count]) => `${words[what] ?? what}: ${count}`);
  if (parts.length) say(would.dataset.deletes.replace("{what}", parts.join(", ")), "warn");
  else say(would.dataset.nothing, "ok");
}

form.addEventListener("input", () => {
  saved.hidden = true;
  preview();
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.hidden = true;
  saved.hidden = true;
  try {
    const answer = await send(form.dataset.retention, {
      method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify(values()),
    });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.detail);
    form.elements.revision.value = said.revision;
    saved.hidden = false;
    saved.scrollIntoView({ block: "nearest" });
  } catch (error) {
    problem.textContent = error.message || problem.dataset.failed;
    problem.hidden = false;
    problem.scrollIntoView({ block: "nearest" });
  }
});

preview();
