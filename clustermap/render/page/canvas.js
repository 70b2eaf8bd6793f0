// Canvas layers of our own: one picture each, drawn anew when the map has moved.
cm.run(function (cm) {
  "use strict";

  cm.map = window.map_planner;
  cm.fontFamily = getComputedStyle(document.body).fontFamily;

  /**
   * A layer that paints world coordinates. Leaflet's renderer keeps it in place while the map is
   * dragged or zoomed; `paint(context, view)` is called when the movement ends.
   */
  cm.Canvas = L.Renderer.extend({
    initialize(paint, options) {
      L.Renderer.prototype.initialize.call(this, { padding: 0.12, ...options });
      this._paint = paint;
    },

    _initContainer() {
      this._container = document.createElement("canvas");
      this._container.setAttribute("aria-hidden", "true");
      this._context = this._container.getContext("2d");
    },

    _destroyContainer() {
      this._container.remove();
      this._container = null;
    },

    _updatePaths() {},

    _update() {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const size = this._bounds.getSize();
      const dots = Math.min(window.devicePixelRatio || 1, 2);
      L.DomUtil.setPosition(this._container, this._bounds.min);
      this._container.width = Math.round(size.x * dots);
      this._container.height = Math.round(size.y * dots);
      this._container.style.width = `${size.x}px`;
      this._container.style.height = `${size.y}px`;
      this._dots = dots;
      this.repaint();
    },

    repaint() {
      if (!this._map || !this._bounds) return;
      const origin = this._map.getPixelOrigin().add(this._bounds.min);
      const size = this._bounds.getSize();
      const context = this._context;
      context.setTransform(this._dots, 0, 0, this._dots, 0, 0);
      context.clearRect(0, 0, size.x, size.y);
      this._paint(context, {
        zoom: this._zoom, scale: 256 * 2 ** this._zoom, left: origin.x, top: origin.y,
        width: size.x, height: size.y,
      });
    },
  });

  /** Layers between the land and the clusters, in the order in which they are drawn. */
  cm.underlays = [];

  /** The visible map as one opaque picture, for paper: so many dots a pixel of the map. */
  cm.snapshot = function (layers, dots, sea) {
    const size = cm.map.getSize();
    const corner = cm.map.getPixelBounds().min;
    const zoom = cm.map.getZoom();
    const canvas = document.createElement("canvas");
    canvas.width = size.x * dots;
    canvas.height = size.y * dots;
    // Printers and their drivers trip over pictures that are partly transparent.
    const context = canvas.getContext("2d", { alpha: false });
    context.scale(dots, dots);
    context.fillStyle = sea;
    context.fillRect(0, 0, size.x, size.y);
    for (const layer of layers) {
      layer._paint(context, { zoom, scale: 256 * 2 ** zoom, left: corner.x, top: corner.y,
        width: size.x, height: size.y });
    }
    return canvas.toDataURL("image/png");
  };

  /** Where a world coordinate lies in the visible map, in pixels. */
  cm.containerPoint = function (x, y) {
    const scale = 256 * 2 ** cm.map.getZoom();
    const corner = cm.map.getPixelBounds().min;
    return { x: x * scale - corner.x, y: y * scale - corner.y };
  };

  cm.tracePath = function (context, rings, view) {
    for (const ring of rings) {
      for (let at = 0; at < ring.length; at += 2) {
        const x = ring[at] * view.scale - view.left;
        const y = ring[at + 1] * view.scale - view.top;
        if (at === 0) context.moveTo(x, y);
        else context.lineTo(x, y);
      }
      context.closePath();
    }
  };

  /** Text with a halo, so that it can be read over lines and outlines. */
  cm.writeHalo = function (context, text, x, y, colour, halo) {
    context.lineJoin = "round";
    context.lineWidth = 3;
    context.strokeStyle = halo;
    context.strokeText(text, x, y);
    context.fillStyle = colour;
    context.fillText(text, x, y);
  };

  /** Text cut with an ellipsis where it is longer than so many characters. */
  cm.cut = function (text, longest) {
    const signs = Array.from(text);
    return signs.length <= longest ? text : `${signs.slice(0, longest - 1).join("")}…`;
  };

  /** Boxes that are taken, so that labels never lie on each other. */
  cm.Boxes = class {
    constructor() {
      this.taken = [];
    }

    /** Keep a box free of labels, whatever already lies there. */
    block(left, top, right, bottom) {
      this.taken.push([left, top, right, bottom]);
    }

    /** Take a box if it is free; says whether it was. */
    take(left, top, right, bottom) {
      for (const box of this.taken) {
        if (left < box[2] && right > box[0] && top < box[3] && bottom > box[1]) return false;
      }
      this.taken.push([left, top, right, bottom]);
      return true;
    }
  };
});
