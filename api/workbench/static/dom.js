// Elements from code: text is only ever set as text, so nothing pasted can become markup.

/** An element; names with `on` are listeners, with `--` custom properties. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) node.style.setProperty(name, String(value));
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** The element with an id, which the server has put on the page. */
export function byId(id) {
  return document.getElementById(id);
}

/** 0.934 as "93 %". */
export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

/** A count with its noun: "1 block", "5,000 blocks". */
export function counted(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
