// Forms with data-api="METHOD /path" go to the API as JSON; what it made is shown once, then the lists anew.
import { send } from "./app.js";
import { problem, refused } from "./settings-form.js";

const secret = document.querySelector("[data-secret]");
const lists = document.querySelector("[data-settings]");

function body(form) {
  const values = {};
  for (const field of form.elements) {
    if (!field.name) continue;
    if (field.multiple) {
      const chosen = [...field.selectedOptions].map((option) => option.value);
      values[field.name] = chosen.length || field.hasAttribute("data-none") ? chosen : null;
    } else if (field.dataset.empty === "null" && !field.value) values[field.name] = null;
    else values[field.name] = field.type === "number" ? Number(field.value) : field.value;
  }
  return values;
}

async function refresh() {
  const answer = await fetch("/settings/now", { headers: { Accept: "text/html" } });
  if (answer.ok) lists.innerHTML = await answer.text();
  else location.reload();
}

async function submit(form) {
  const [method, path] = form.dataset.api.split(" ");
  const sends = method !== "DELETE";
  problem.hidden = true;
  secret.hidden = true;
  try {
    const answer = await send(path, {
      method,
      headers: sends ? { "Content-Type": "application/json" } : {},
      body: sends ? JSON.stringify(body(form)) : undefined,
    });
    const said = answer.status === 204 ? {} : await answer.json();
    if (!answer.ok) throw new Error(said.detail || problem.dataset.failed);
    const made = said.key ?? said.token;
    if (made) {
      secret.querySelector("[data-value]").textContent = made;
      secret.hidden = false;
      secret.scrollIntoView({ block: "nearest" });
    }
    form.reset();
    await refresh();
  } catch (error) {
    refused(error);
  }
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-api]")) return;
  event.preventDefault();
  submit(event.target);
});
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.change[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});
