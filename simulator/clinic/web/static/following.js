"use strict";
// A browser keeps few connections open to one server, six over HTTP/1.1 for all its windows together, and each
// part that keeps itself up to date holds one. A window that nobody sees lets go of its own and takes them up
// again when it is seen: the server then sends each part anew.
let followed = [];
let paused = [];
const open = (source) => source.readyState !== EventSource.CLOSED;
htmx.createEventSource = (address) => {
  const source = new EventSource(address);
  followed = [...followed.filter(open), source];
  return source;
};
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    const left = followed.filter(open);
    for (const source of left) source.close();
    paused = [...paused, ...left];
    followed = [];
  } else {
    // To the extension it is a connection that was lost: it makes another, if the part is still there.
    for (const source of paused) source.onerror(new Event("error"));
    paused = [];
  }
});
