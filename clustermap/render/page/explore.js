// The map for analysts: layers from the page's data, and what stock folium objects count on.
window.explore = (function () {
  "use strict";

  const words = () => JSON.parse(document.getElementById("explore-words").textContent);
  const drawn = []; // our layers, the lowest first
  const dots = []; // those of points
  const NAMED = { amp: "&", lt: "<", gt: ">", quot: '"' };

  /** Texts in the data are escaped, so that no other tool runs them; here they become plain. */
  const plain = (text) => text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(amp|lt|gt|quot));/g,
    (_, decimal, hex, name) => (name ? NAMED[name]
      : String.fromCodePoint(decimal ? Number(decimal) : parseInt(hex, 16))));

  function number(value, digits) {
    return new Intl.NumberFormat(document.documentElement.lang,
      { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  }

  /** What a row of a tooltip says of a feature; null where there is nothing to say. */
  function told(row, properties) {
    const value = properties[row.key];
    if (value === null || value === undefined || value === "" || value === 0) return null;
    if (typeof value === "string") return plain(value);
    const told = number(value, row.digits || 0);
    if (!row.low || properties[row.low] === null) return told;
    return `${told} (${number(properties[row.low], row.digits || 0)}–${
      number(properties[row.high], row.digits || 0)})`;
  }

  function tip(spec, properties) {
    const box = document.createElement("div");
    const title = document.createElement("b");
    title.textContent = spec.title.map((key) => plain(properties[key])).join(" – ");
    box.append(title);
    for (const row of spec.rows) {
      const text = told(row, properties);
      if (text === null) continue;
      const line = document.createElement("span");
      line.textContent = row.label ? `${row.label}: ${text}` : text;
      box.append(line);
    }
    return box;
  }

  const SMALL = 3; // pixels: a polygon that is narrower than twice this is drawn as a circle
  const NEAR = 9; // zoom from which institutes are more than a small dot

  // From afar a cluster is narrower than a pixel: a circle keeps it in sight and in reach.
  function keepInSight(part) {
    const draw = part._updatePath;
    const contains = part._containsPoint;
    const isSmall = () => {
      const size = part._rawPxBounds.getSize();
      return Math.max(size.x, size.y) < 2 * SMALL;
    };
    part._updatePath = function () {
      if (!isSmall()) {
        draw.call(part);
        return;
      }
      part._renderer._updateCircle({ options: { ...part.options, _dashArray: null },
        _point: part._rawPxBounds.getCenter(), _radius: part.options.fillOpacity ? SMALL : SMALL - 1, _empty: () => false });
    };
    part._containsPoint = function (point) {
      return isSmall() ? point.distanceTo(part._rawPxBounds.getCenter()) <= SMALL + 2
        : contains.call(part, point);
    };
  }

  function sizeDots(map, layer) {
    const far = map.getZoom() < NEAR;
    layer.eachLayer((dot) => {
      dot.setStyle({ radius: far ? 1 : dot.feature.properties.style.radius, stroke: !far });
    });
  }

  /** Make a layer of the data that stand in the page under the layer's own name. */
  function layer(name, options) {
    const { features, spec } = JSON.parse(document.getElementById(`${name}-data`).textContent);
    const made = L.geoJson(features, {
      style: (feature) => feature.properties.style,
      pointToLayer: (feature, place) => L.circleMarker(place, feature.properties.style),
      ...options,
    });
    if (spec) {
      made.eachLayer((part) => {
        if (part instanceof L.Polygon) keepInSight(part);
      });
      if (spec.dots) dots.push(made);
      made.bindTooltip((part) => tip(spec, part.feature.properties),
        { sticky: true, className: "explore-tip", opacity: 1 });
      drawn.push(made);
    }
    return made;
  }

  function start(map) {
    const say = words();
    L.control.zoom({ position: "topleft", zoomInTitle: say.zoom_in, zoomOutTitle: say.zoom_out })
      .addTo(map);
    L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
    map.on("zoomend", () => dots.forEach((layer) => sizeDots(map, layer)));
    // What is switched on again would otherwise lie on top, even of what was added to our layers.
    map.on("overlayadd", () => {
      for (const one of [...drawn].reverse()) {
        if (map.hasLayer(one)) one.getLayers().reverse().forEach((part) => part.bringToBack());
      }
    });
    document.addEventListener("DOMContentLoaded", () => {
      map.getContainer().setAttribute("role", "region");
      map.getContainer().setAttribute("aria-label", say.map);
      for (const toggle of document.querySelectorAll(".leaflet-control-layers-toggle")) {
        toggle.setAttribute("title", say.layers);
        toggle.setAttribute("aria-label", say.layers);
      }
      dots.forEach((layer) => sizeDots(map, layer));
      if (window.matchMedia("(max-width: 760px)").matches) {
        document.getElementById("legend").removeAttribute("open");
      }
      performance.mark("ready");
    });
  }

  L.Map.addInitHook(/** @this {any} */ function () {
    start(this);
  });

  // Stock markers need pictures and other programs from the net; a pin drawn by the style sheet
  // stands in for them.
  const Pin = L.DivIcon.extend({
    options: { className: "explore-pin", iconSize: [16, 16], iconAnchor: [8, 20],
      popupAnchor: [0, -20], tooltipAnchor: [8, -12] },
    createIcon(old) {
      const pin = L.DivIcon.prototype.createIcon.call(this, old);
      pin.replaceChildren(document.createElement("i")); // Leaflet moves the pin, the style turns it
      if (this.options.markerColor) pin.style.setProperty("--pin", this.options.markerColor);
      return pin;
    },
  });
  L.Marker.prototype.options.icon = new Pin();
  L.AwesomeMarkers = { icon: ({ markerColor }) => new Pin({ markerColor }) };

  // Of jQuery, stock popups use one thing: markup of theirs as elements.
  window.$ = window.$ || function (markup) {
    return new DOMParser().parseFromString(markup, "text/html").body.children;
  };

  return { layer };
})();
