// Elements made without markup: text from the data can never become an element.
cm.run(function (cm) {
  "use strict";

  /** Make an element. `text` is shown as it stands; other entries are attributes. */
  cm.make = function (tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name === "text") element.textContent = String(value);
      else element.setAttribute(name, value === true ? "" : String(value));
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  };

  cm.heading = (text) => cm.make("h3", { text });
  cm.subheading = (text) => cm.make("h4", { text });
  cm.quiet = (text) => cm.make("p", { class: "quiet", text });
  cm.part = (...children) => cm.make("section", {}, ...children);

  /** A table: the first column is text, the others are numbers. */
  cm.table = function (heads, rows, className) {
    const head = cm.make("tr");
    heads.forEach((text, place) => head.append(
      cm.make("th", { scope: "col", class: place ? "number" : null, text })));
    // Wide tables are scrolled sideways, which the keyboard must be able to do too.
    const scroll = { class: "scroll", tabindex: heads.length > 4 ? "0" : null };
    return cm.make("div", scroll, cm.make("table", { class: className || null },
      cm.make("thead", {}, head), cm.make("tbody", {}, ...rows)));
  };

  cm.byId = (id) => document.getElementById(id);

  /** All elements that a selector finds. */
  cm.find = (selector) => Array.from(document.querySelectorAll(selector));

  /** A horizontal bar from 0 to 100, with marks. */
  cm.bar = function (className, parts) {
    const bar = cm.make("span", { class: className, "aria-hidden": "true" });
    for (const part of parts) {
      const mark = cm.make("i", { class: part.class });
      if (part.at !== undefined) mark.style.left = `${part.at}%`;
      if (part.width !== undefined) mark.style.width = `${part.width}%`;
      if (part.colour) mark.style.backgroundColor = part.colour;
      bar.append(mark);
    }
    return bar;
  };

  /** Put the words of the catalogue wherever the markup asks for them. */
  cm.putWords = function () {
    document.documentElement.lang = cm.language;
    for (const element of cm.find("[data-word]")) {
      element.textContent = cm.say(element.dataset.word);
    }
    for (const [from, to] of [
      ["label", "aria-label"], ["placeholder", "placeholder"], ["title", "title"],
    ]) {
      for (const element of cm.find(`[data-${from}]`)) {
        element.setAttribute(to, cm.say(element.dataset[from]));
      }
    }
  };
});
