"use strict";
// Opens what htmx puts into the dialog, closes it again, and gives the keyboard its place.
const dialog = document.getElementById("dialog");
// The keyboard keeps its place when a part is exchanged under it: on the same control where it is there again,
// else on the part's first heading or sentence.
const REACHED = "a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, pre[tabindex]";
const WRONG = "[aria-invalid], [role=alert], .wrong";
let place = null;
let opener = null;
const leave = (part) => {
  const one = document.activeElement;
  place = part.contains(one) && one !== part ? { id: one.id, name: one.name, text: one.textContent } : null;
};
const arrive = (part) => {
  if (!place || part.contains(document.activeElement)) return;
  const all = [...part.querySelectorAll(REACHED)];
  const again = all.find((one) => place.id && one.id === place.id)
    || all.find((one) => one.name === place.name && (one.name || one.textContent === place.text));
  put(again || part.querySelector("h1, h2, .sentence") || part);
};
const put = (one) => {
  if (!one.matches(REACHED)) one.tabIndex = -1;
  one.focus();
};
// A screen reader reads out what changes in a place that stays, not a place that is exchanged with what it says:
// what a part says is said again in one that stays, in the dialog where the part is, as the page is then inert.
const speak = (part) => {
  const text = [...part.querySelectorAll("[data-said]")].map((one) => one.textContent.trim()).join(" ");
  const spoken = document.getElementById(part.closest("dialog") ? "spoken-in-dialog" : "spoken");
  if (spoken.textContent !== text) spoken.textContent = text;
};
// Each connection begins with the part as it stands. What is shown already is not exchanged: somebody may be
// pressing a button in it.
const parsed = document.createElement("template");
const shows = (part, text) => {
  parsed.innerHTML = text;
  return parsed.innerHTML.trim() === part.innerHTML.trim();
};
document.body.addEventListener("htmx:sseBeforeMessage", (event) => {
  if (shows(event.target, event.detail.data)) event.preventDefault(); else leave(event.target);
});
document.body.addEventListener("htmx:sseMessage", (event) => { arrive(event.target); speak(event.target); });
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "dialog-body") leave(event.detail.target);
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  const body = event.detail.target;
  if (body.id !== "dialog-body") return;
  if (!dialog.open) { opener = event.detail.requestConfig.elt; dialog.showModal(); }
  const wrong = body.querySelector(WRONG);
  if (wrong) put(wrong); else arrive(body);
  speak(body);
});
// A page that comes back with something to mend begins there.
const amiss = document.getElementById("main").querySelector(WRONG);
if (amiss && !document.querySelector("[autofocus]")) put(amiss);
dialog.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) dialog.close();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
// What was followed in the dialog is followed no more; the operation itself goes on.
dialog.addEventListener("close", () => {
  document.getElementById("dialog-body").replaceChildren();
  document.getElementById("spoken-in-dialog").textContent = "";
  // The button that opened it may have been exchanged meanwhile, or be of no use any more.
  const again = opener && (opener.isConnected ? opener : opener.id && document.getElementById(opener.id));
  put(again && !again.disabled ? again : document.getElementById("main"));
});
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
