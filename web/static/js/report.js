// A report's page: the slider between the photos, what unfolds, and the keys.
const stage = document.querySelector(".compare-stage");
const slider = document.querySelector("[data-slider]");
const difference = document.querySelector("[data-difference]");

slider?.addEventListener("input", () => stage.style.setProperty("--cut", `${slider.value}%`));

stage?.addEventListener("pointermove", (event) => {
  if (event.pointerType === "touch" || event.buttons === 1) {
    const box = stage.getBoundingClientRect();
    slider.value = String(Math.round(100 * (event.clientX - box.left) / box.width));
    slider.dispatchEvent(new Event("input"));
  }
});

difference?.addEventListener("click", () => {
  difference.setAttribute("aria-pressed", String(stage.classList.toggle("differs")));
});

for (const button of document.querySelectorAll("[data-opens]")) {
  const sheet = document.getElementById(button.dataset.opens);
  button.addEventListener("click", () => {
    sheet.hidden = !sheet.hidden;
    button.setAttribute("aria-expanded", String(!sheet.hidden));
    if (!sheet.hidden) {
      const field = sheet.querySelector("input:not([type=hidden])");
      field.focus();
      field.select();
    }
  });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    for (const button of document.querySelectorAll("[data-opens][aria-expanded=true]")) {
      button.click();
      button.focus();
    }
    return;
  }
  if (event.target.matches("input:not([type=range]), select, textarea")) return;
  const wanted = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (wanted) {
    event.preventDefault();
    wanted.click();
  }
});
