// Cameras: a form that adds or changes one, a trial of its connection, and a question before one is removed.
import { send } from "./app.js";

const page = document.querySelector("[data-cameras]");
const part = (name) => page.querySelector(`[data-${name}]`);
const said = page.dataset;
const panel = part("panel");
const form = part("form");
const sure = part("sure");
const NUMBERS = ["stream_port", "quality", "fps", "analysis_fps", "interval_s"];
const TEXTS = ["framesize", "device", "size", "decode", "region", "time_zone"];
let changing = null;
let opener = null;

const fill = (text, values) => Object.entries(values).reduce((now, [key, value]) => now.replace(`{${key}}`, value), text);
const revision = () => part("list").dataset.revision;

function applies(field) {
  const kinds = field.closest("[data-of]")?.dataset.of;
  return !kinds || kinds.split(" ").includes(form.elements.kind.value);
}

function showKind() {
  const kind = form.elements.kind.value;
  for (const one of form.querySelectorAll("[data-of]")) one.hidden = !one.dataset.of.split(" ").includes(kind);
  for (const field of form.querySelectorAll("input, select")) {
    field.disabled = !applies(field) || (field.name === "name" && changing !== null);
    if (field.tagName === "INPUT") field.placeholder = field.dataset[kind] ?? "";
    else if (field.dataset.usual && !field.dataset.chosen) field.value = field.dataset.usual;
  }
}

function open(entry, from) {
  changing = entry;
  opener = from;
  form.reset();
  clear();
  const { elements } = form;
  if (entry) {
    elements.name.value = entry.name;
    elements.kind.value = entry.kind;
    elements.address.value = entry.address ?? "";
    elements.analysis_address.value = entry.analysis_address ?? "";
    elements.user.value = entry.user;
    for (const name of [...NUMBERS, ...TEXTS]) if (name in elements) elements[name].value = entry.settings[name] ?? "";
    elements.latitude.value = entry.settings.location?.latitude ?? "";
    elements.longitude.value = entry.settings.location?.longitude ?? "";
    for (const select of form.querySelectorAll("select[data-usual]")) if (!select.value) select.value = select.dataset.usual;
  }
  part("title").textContent = entry ? fill(said.saidChange, { name: entry.name }) : said.saidAdd;
  panel.hidden = false;
  showKind();
  if (entry && entry.password !== "none") elements.password.placeholder = said.saidPasswordFile;
  panel.scrollIntoView({ block: "nearest" });
  (entry ? part("title") : elements.name).focus();
}

function close() {
  panel.hidden = true;
  changing = null;
  (opener?.isConnected ? opener : page.querySelector('[data-do="add"]'))?.focus();
}

function clear() {
  part("problem").hidden = true;
  part("trial").hidden = true;
  part("trial-status").textContent = "";
}

function tell(text) {
  part("problem").textContent = text;
  part("problem").hidden = false;
  part("problem").scrollIntoView({ block: "nearest" });
}

function wanted() {
  const { elements } = form;
  const value = (name) => (elements[name] && !elements[name].disabled ? elements[name].value.trim() : "");
  const settings = {};
  for (const name of NUMBERS) settings[name] = value(name) === "" ? null : Number(value(name));
  for (const name of TEXTS) settings[name] = value(name) || null;
  const places = [value("latitude"), value("longitude")];
  settings.location = places.every(Boolean) ? { latitude: Number(places[0]), longitude: Number(places[1]) } : null;
  if (changing && !("fps" in elements)) settings.fps = changing.settings.fps ?? null;
  return {
    name: elements.name.value.trim(),
    kind: elements.kind.value,
    address: value("address") || null,
    analysis_address: value("analysis_address") || null,
    user: value("user"),
    password: elements.password.disabled ? null : elements.password.value || null,
    settings,
  };
}

async function ask(method, path, body) {
  const answer = await send(path, {
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(found.detail || said.saidFailed);
  return found;
}

async function refresh(text) {
  const answer = await fetch("/settings/cameras/now", { headers: { Accept: "text/html" } });
  if (!answer.ok) {
    location.reload();
    return;
  }
  part("now").innerHTML = await answer.text();
  part("done").textContent = text;
  part("done").hidden = false;
}

async function save() {
  clear();
  const camera = wanted();
  const path = changing ? `/api/cameras/${encodeURIComponent(camera.name)}` : "/api/cameras";
  try {
    await ask(changing ? "PUT" : "POST", path, { revision: revision(), camera });
    form.reset();
    await refresh(said.saidSaved);
    close();
  } catch (error) {
    tell(error.message || said.saidFailed);
  }
}

async function tryOut(button) {
  clear();
  if (!form.reportValidity()) return;
  button.disabled = true;
  part("trial-status").textContent = said.saidTrying;
  try {
    const camera = wanted();
    showTrial(await ask("POST", "/api/camera-trials", camera), camera.name);
  } catch (error) {
    tell(error.message || said.saidFailed);
  }
  part("trial-status").textContent = "";
  button.disabled = false;
}

function faultName(fault) {
  return `fault${fault.split("_").map((word) => word[0].toUpperCase() + word.slice(1)).join("")}`;
}

function showTrial(found, name) {
  const notice = part("trial-said");
  const facts = [];
  notice.className = found.problem ? "notice bad" : "notice ok";
  if (found.problem) {
    const known = found.fault && said[faultName(found.fault)];
    notice.textContent = known || found.problem;
    if (known) facts.push(found.problem);
  } else {
    const shown = [];
    if (found.width) shown.push(fill(said.saidSize, found));
    if (found.rate) shown.push(fill(said.saidRate, { rate: found.rate.toFixed(1) }));
    if (found.keyframe_s) shown.push(fill(said.saidKeyframes, { seconds: found.keyframe_s.toFixed(1) }));
    notice.textContent = found.watched ? said.saidWatched : shown.join(" ");
  }
  facts.push(...found.notes);
  part("trial-facts").replaceChildren(...facts.map((text) => {
    const line = document.createElement("li");
    line.textContent = text;
    return line;
  }));
  const image = part("trial-picture");
  image.hidden = !found.picture;
  if (found.picture) {
    image.src = `data:image/jpeg;base64,${found.picture}`;
    image.alt = fill(said.saidPicture, { name });
  } else image.removeAttribute("src");
  part("trial").hidden = false;
  part("trial").scrollIntoView({ block: "nearest" });
}

function remove(entry) {
  part("sure-title").textContent = fill(said.saidRemove, { name: entry.name });
  sure.returnValue = "no";
  sure.showModal();
  sure.addEventListener("close", async () => {
    if (sure.returnValue !== "yes") return;
    panel.hidden = true;
    try {
      await ask("DELETE", `/api/cameras/${encodeURIComponent(entry.name)}`, { revision: revision() });
      await refresh(said.saidRemoved);
    } catch (error) {
      part("done").hidden = true;
      panel.hidden = false;
      tell(error.message || said.saidFailed);
    }
  }, { once: true });
}

async function undo() {
  try {
    await ask("POST", "/api/cameras/undo", { revision: revision() });
    await refresh(said.saidUndone);
  } catch (error) {
    panel.hidden = false;
    tell(error.message || said.saidFailed);
  }
}

page.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button) return;
  const held = button.closest("[data-entry]");
  const entry = held ? JSON.parse(held.dataset.entry) : null;
  const actions = {
    add: () => open(null, button),
    change: () => open(entry, button),
    remove: () => remove(entry),
    try: () => tryOut(button),
    cancel: close,
    undo,
  };
  actions[button.dataset.do]();
});

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  save();
});
form?.elements.kind.addEventListener("change", () => {
  clear();
  showKind();
});
