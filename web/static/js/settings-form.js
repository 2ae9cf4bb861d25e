// Forms of the settings: what came of saving one is said above it.
import { send } from "./app.js";

const saved = document.querySelector("[data-saved]");

/** Where the page says what went wrong. */
export const problem = document.querySelector("[data-problem]");

/** Words of the page for its script, by their names. */
export const words = Object.fromEntries([...document.querySelectorAll("[data-words] dt")]
  .map((key) => [key.textContent, key.nextElementSibling.textContent]));

/** Says why nothing was changed. */
export function refused(error) {
  problem.textContent = error.message || problem.dataset.failed;
  problem.hidden = false;
  problem.scrollIntoView({ block: "nearest" });
}

/** Lets a form be saved: what `values` gives is put to `path`, and the revision that answers is the form's. */
export function savedTo(path, form, values) {
  form.addEventListener("input", () => { saved.hidden = true; });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    saved.hidden = true;
    try {
      const answer = await send(path, {
        method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify(values()),
      });
      const said = await answer.json();
      if (!answer.ok) throw new Error(said.detail);
      form.elements.revision.value = said.revision;
      saved.hidden = false;
      saved.scrollIntoView({ block: "nearest" });
    } catch (error) {
      refused(error);
    }
  });
}
