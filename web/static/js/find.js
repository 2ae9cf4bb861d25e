// Search by a picture: it is looked at on the server, and the vehicle chosen on it is looked for.
import { send } from "./app.js";
import { seenPicture } from "./seen.js";

const part = document.querySelector("[data-by-picture]");

async function look(file) {
  const status = part.querySelector("[data-status]");
  const result = part.querySelector("[data-result]");
  const said = part.dataset;
  result.replaceChildren();
  status.textContent = said.working;
  try {
    const form = new FormData();
    if (said.camera) form.append("camera", said.camera);
    form.append("file", file, file.name);
    const answer = await send("/detect?wait_s=60", { method: "POST", body: form });
    const analysis = await answer.json();
    if (!answer.ok || analysis.state !== "completed") throw new Error(analysis.error || analysis.detail || said.failed);
    const { vehicles, size } = analysis.result;
    const known = vehicles.filter((vehicle) => vehicle.sighting);
    if (known.length === 1 && vehicles.length === 1) {
      location.href = `/find?like=${encodeURIComponent(known[0].sighting)}`;
      return;
    }
    status.textContent = known.length ? said.choose : said.none;
    result.replaceChildren(seenPicture(`/analyses/${analysis.id}/picture`, size, vehicles, said.unread));
    result.querySelector("a")?.focus();
  } catch (error) {
    status.textContent = error.message || said.failed;
  }
}

if (part) {
  const field = part.querySelector("input[type=file]");
  field.addEventListener("change", () => { if (field.files.length) look(field.files[0]); });
  part.addEventListener("dragover", (event) => { event.preventDefault(); part.classList.add("dropping"); });
  part.addEventListener("dragleave", () => part.classList.remove("dropping"));
  part.addEventListener("drop", (event) => {
    event.preventDefault();
    part.classList.remove("dropping");
    if (event.dataTransfer.files.length) look(event.dataTransfer.files[0]);
  });
}
