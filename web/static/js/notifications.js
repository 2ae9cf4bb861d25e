// Who is told when something happens: saved over the API, and tried out as it was saved.
import { send } from "./app.js";
import { problem, savedTo, words } from "./settings-form.js";

const form = document.querySelector("[data-notifications]");
const api = form.dataset.notifications;

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
    language: data.get("language"),
    email_user: text("email_user"),
  };
}

savedTo(api, form, values);

for (const button of document.querySelectorAll("[data-test]")) {
  const told = document.querySelector(`[data-tested="${button.dataset.test}"]`);
  button.addEventListener("click", async () => {
    button.disabled = true;
    told.textContent = words.sending;
    try {
      const answer = await send(`${api}/test/${button.dataset.test}`, { method: "POST" });
      const said = await answer.json();
      told.textContent = said.arrived ? words.arrived : words.not_arrived.replace("{error}", said.error ?? said.detail);
    } catch {
      told.textContent = problem.dataset.failed;
    }
    button.disabled = false;
  });
}
