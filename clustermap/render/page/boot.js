// Keeps the other scripts until the data are unpacked, then runs them in the order of the page.
window.cm = /** @type {Cm} */ ((function () {
  "use strict";

  const waiting = [];

  function bytesOf(base64) {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
    return bytes;
  }

  async function unpack(base64) {
    const packed = new Blob([bytesOf(base64)]).stream();
    const plain = packed.pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(plain).text());
  }

  async function start() {
    const data = document.getElementById("cm-data");
    if (typeof DecompressionStream === "undefined") {
      document.getElementById("too-old").hidden = false;
      return;
    }
    try {
      window.cm.payload = await unpack(data.textContent);
    } catch {
      document.getElementById("damaged").hidden = false;
      return;
    }
    data.remove(); // the page would keep it twice
    for (const part of waiting) part(window.cm);
  }

  document.addEventListener("DOMContentLoaded", start);

  return { run: (part) => { waiting.push(part); } };
})());
