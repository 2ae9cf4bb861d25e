// Who is told when something happens: saved over the API, and tried out as it was saved.
import { send } from "./app.js";

const form = document.querySelector("[data-notifications]");
const problem = document.querySelector("[data-problem]");
const saved = document.querySelector("[data-saved]");
const words = Object.fromEntries([...document.querySelectorAll("[data-words] dt")]
  .map((key) => [key.textContent, key.nextElementSibling.textContent]));

function values() {
  const data = new FormData(form);
  const text = (name) => data.get(name).trim() || null;
  return {
    revision: data.get("revision"),
    events: data.getAll("events"),
    include_plates: data.has("include_plates"),
    webhook_url: text("webhook_url"),
    email_to: data.get("email_to").split(/[\s,;]+/).filter(Boolean),
    email_from: data.get("email_from").trim(),
    email_host: text("email_host"),
    email_port: Number(data.get("email_port")),
    email_security: data.get("email_security"),
    email_user: text("email_user"),
  };
}

form.addEventListener("input", () => { saved.hidden = true; });

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.hidden = true;
  saved.hidden = true;
  try {
    const answer = await send(form.dataset.notifications, {
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

for (const button of document.querySelectorAll("[data-test]")) {
  const told = document.querySelector(`[data-tested="${button.dataset.test}"]`);
  button.addEventListener("click", async () => {
    button.disabled = true;
    told.textContent = words.sending;
    try {
      const answer = await send(`${form.dataset.notifications}/test/${button.dataset.test}`, { method: "POST" });
      const said = await answer.json();
      told.textContent = said.arrived ? words.arrived : words.not_arrived.replace("{error}", said.error ?? said.detail);
    } catch {
      told.textContent = problem.dataset.failed;
    }
    button.disabled = false;
  });
}
