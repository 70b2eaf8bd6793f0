// Numbers, outlines and points as Python packed them.
cm.run(function (cm) {
  "use strict";

  const LAST = 85.0511; // degrees of latitude: Mercator's map is a square up to here

  /** Steps of a degree. */
  cm.UNIT = 100000;

  // Web Mercator with the whole world between 0 and 1.
  cm.worldX = (lon) => lon / 360 + 0.5;
  cm.worldY = function (lat) {
    const sine = Math.sin((Math.max(-LAST, Math.min(LAST, lat)) * Math.PI) / 180);
    return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
  };

  /** Whole numbers of variable length, as clustermap/render/outlines.py packs them. */
  cm.unpackNumbers = function (text) {
    const bytes = atob(text);
    const numbers = [];
    let number = 0;
    let scale = 1;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes.charCodeAt(at);
      number += (byte & 127) * scale;
      if (byte < 128) {
        numbers.push(number);
        number = 0;
        scale = 1;
      } else {
        scale *= 128;
      }
    }
    return numbers;
  };

  const unzigzag = (number) => (number % 2 ? -(number + 1) / 2 : number / 2);

  /** Outlines as lists of rings, each ring world coordinates x, y, x, y, ... */
  cm.unpackOutlines = function (text) {
    const numbers = cm.unpackNumbers(text);
    const shapes = [];
    let at = 0;
    let lon = 0;
    let lat = 0;
    while (at < numbers.length) {
      const rings = [];
      for (let left = numbers[at++]; left > 0; left -= 1) {
        const corners = numbers[at++];
        const ring = new Float64Array(2 * corners);
        for (let corner = 0; corner < corners; corner += 1) {
          lon += unzigzag(numbers[at++]);
          lat += unzigzag(numbers[at++]);
          ring[2 * corner] = cm.worldX(lon / cm.UNIT);
          ring[2 * corner + 1] = cm.worldY(lat / cm.UNIT);
        }
        rings.push(ring);
      }
      shapes.push(rings);
    }
    return shapes;
  };

  /** Points as world coordinates x, y, x, y, ... */
  cm.unpackPoints = function (text) {
    const numbers = cm.unpackNumbers(text);
    const points = new Float64Array(numbers.length);
    let lon = 0;
    let lat = 0;
    for (let at = 0; at < numbers.length; at += 2) {
      lon += unzigzag(numbers[at]);
      lat += unzigzag(numbers[at + 1]);
      points[at] = cm.worldX(lon / cm.UNIT);
      points[at + 1] = cm.worldY(lat / cm.UNIT);
    }
    return points;
  };
});
