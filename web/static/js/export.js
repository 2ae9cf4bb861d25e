// The evidence pack of a report: asked for, followed and offered without loading the page anew.
import { send } from "./app.js";

const section = document.querySelector("[data-export]");
const part = section?.querySelector("[data-export-now]");

async function look() {
  const answer = await fetch(section.dataset.export, { headers: { Accept: "text/html" } });
  if (answer.redirected || answer.status === 401) {
    location.reload();
    return;
  }
  if (!answer.ok) throw new Error(String(answer.status));
  const held = part.contains(document.activeElement);
  part.innerHTML = await answer.text();
  if (held) part.querySelector("a, button")?.focus();
}

/** Hears of each step of a pack that is being made. */
function follow() {
  const running = part.querySelector("[data-following]");
  if (!running) return;
  const events = new EventSource(`/analyses/${running.dataset.following}/events`);
  events.addEventListener("analysis", async () => {
    await look().catch(() => {});
    if (!part.querySelector("[data-following]")) events.close();
  });
}

part?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.target.querySelector("button");
  button.disabled = true;
  try {
    const asked = await send(`/api${section.dataset.export}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: "{}",
    });
    if (!asked.ok) throw new Error(String(asked.status));
    await look();
    follow();
  } catch {
    // The page says what is wrong.
    event.target.submit();
  }
});

if (part) follow();
