// The library that draws the charts. It comes as a script that makes a global.

import "./vendor/chartist.js";

export const { BarChart, FixedScaleAxis } = globalThis.Chartist;

// It writes `style` attributes, which the Content-Security-Policy refuses; the CSSOM may be used.
const { Svg } = globalThis.Chartist;
const { attr } = Svg.prototype;
Svg.prototype.attr = function attrWithoutStyle(attributes, namespace) {
  if (typeof attributes === "string") return attr.call(this, attributes, namespace);
  const { style, ...others } = attributes;
  if (style !== undefined) this.getNode().style.cssText = style;
  return attr.call(this, others, namespace);
};
