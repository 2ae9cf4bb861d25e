// The further filters of a narrow screen unfold. J and K go down and up the list, Enter opens, / goes to the search: as in mail programs.
const unfold = document.querySelector("[data-unfold]");
unfold?.addEventListener("click", () => {
  const open = document.getElementById(unfold.getAttribute("aria-controls")).classList.toggle("open");
  unfold.setAttribute("aria-expanded", String(open));
});

const typing = (target) => target.matches("input, select, textarea");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "/") {
    event.preventDefault();
    document.querySelector("[data-key='/']")?.focus();
    return;
  }
  const step = { j: 1, k: -1 }[event.key];
  if (!step) return;
  const links = [...document.querySelectorAll("[data-row] a")];
  const at = links.indexOf(document.activeElement);
  links[Math.min(links.length - 1, Math.max(0, at + step))]?.focus();
});
