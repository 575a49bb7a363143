"use strict";
// Opens what htmx puts into the dialog, closes it again, and gives the keyboard its place.
const dialog = document.getElementById("dialog");
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "dialog-body") return;
  if (!dialog.open) dialog.showModal();
  const wrong = dialog.querySelector("[aria-invalid], [role=alert]");
  if (wrong && wrong.focus) wrong.focus();
});
dialog.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) dialog.close();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
// What was followed in the dialog is followed no more; the operation itself goes on.
dialog.addEventListener("close", () => document.getElementById("dialog-body").replaceChildren());
// The vault's hosted field: it hands over a temporary token, never the number. Only its own origin is believed.
const hosted = document.querySelector("iframe[data-origin]");
if (hosted) window.addEventListener("message", (event) => {
  if (event.origin !== hosted.dataset.origin || event.source !== hosted.contentWindow) return;
  let told;
  try { told = JSON.parse(event.data); } catch { return; }
  if (!told || typeof told.dataKey !== "string") return;
  const form = hosted.closest("form"), said = document.getElementById("card-said");
  form.elements.data_key.value = told.dataKey;
  said.textContent = said.dataset.done;
  const button = form.querySelector("button");
  button.disabled = false;
  button.focus();
});
