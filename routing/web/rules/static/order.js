// Rules are dragged to another place; the form beside each, which works without script, sends it.
const list = document.querySelector("[data-order]");
let dragged = null;
const row = (event) => event.target.closest("li[draggable]");
if (list) {
  list.addEventListener("dragstart", (event) => {
    dragged = row(event);
    if (dragged) event.dataTransfer.effectAllowed = "move";
  });
  list.addEventListener("dragover", (event) => {
    if (dragged && row(event)) event.preventDefault();
  });
  list.addEventListener("drop", (event) => {
    const over = row(event);
    if (!dragged || !over || over === dragged) return;
    event.preventDefault();
    const form = dragged.querySelector("form[data-to]");
    form.elements.to.value = over.dataset.place;
    form.requestSubmit();
  });
  list.addEventListener("dragend", () => { dragged = null; });
}
