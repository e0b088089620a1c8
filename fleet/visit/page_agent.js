/*
 * The fleet's questions to a page, put into every document before the page's own scripts, in a
 * JavaScript world of their own: what the page redefines there (String.prototype, querySelector,
 * toJSON …) is not what runs here. Elements are shared between the worlds, and a form or a document
 * hides its own properties behind fields of the same name; so those are asked by their prototypes.
 *
 * "Seen" is what a person can see who scrolls (docs/verdicts.md): drawn, opaque enough, in the part
 * of the page that scrolling reaches, not clipped away, not under something opaque.
 */
globalThis.fleet = (() => {
  "use strict";
  const E = Element.prototype, N = Node.prototype, D = Document.prototype;
  const getter = (proto, name) => {
    const { get } = Object.getOwnPropertyDescriptor(proto, name);
    return (node) => get.call(node);
  };
  const method = (proto, name) => {
    const call = proto[name];
    return (node, ...given) => call.apply(node, given);
  };
  const tagOf = getter(E, "tagName"), attributesOf = getter(E, "attributes");
  const insideOf = getter(N, "childNodes"), parentOf = getter(N, "parentNode");
  const shadowOf = getter(E, "shadowRoot"), slotOf = getter(E, "assignedSlot");
  const kindOf = getter(N, "nodeType"), spaceOf = getter(E, "namespaceURI");
  const heightOf = getter(E, "clientHeight"), widthOf = getter(E, "clientWidth");
  const wholeHeightOf = getter(E, "scrollHeight"), wholeWidthOf = getter(E, "scrollWidth");
  const htmlOf = getter(E, "outerHTML"), typeOf = getter(D, "doctype");
  const rangeIn = method(D, "createRange"), intoView = method(E, "scrollIntoView");
  const boxOf = method(E, "getBoundingClientRect"), attribute = method(E, "getAttribute");
  const has = method(E, "hasAttribute"), closest = method(E, "closest");
  const contains = method(N, "contains"), drawn = method(E, "checkVisibility");
  const bodyOf = getter(D, "body"), titleOf = getter(D, "title"), stateOf = getter(D, "readyState");
  const activeOf = getter(Document.prototype, "activeElement");
  const valueIn = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
  const viewOf = getter(D, "defaultView"), ownerOf = getter(N, "ownerDocument");
  const rootOf = getter(D, "documentElement"), queryAll = method(D, "querySelectorAll");
  const byId = [D, DocumentFragment.prototype].map((proto) => method(proto, "getElementById"));
  const leftOf = getter(N, "previousSibling"), rightOf = getter(N, "nextSibling");
  const topOf = method(N, "getRootNode"), baseOf = getter(N, "baseURI");
  const queryIn = method(E, "querySelectorAll"), queryShadow = method(DocumentFragment.prototype, "querySelectorAll");
  const matches = method(E, "matches"), topInShadow = method(ShadowRoot.prototype, "elementFromPoint");
  const atPoint = method(D, "elementsFromPoint"), topAt = method(D, "elementFromPoint");
  const animationsOf = method(D, "getAnimations");
  const cut = (text, limit) => String(text ?? "").slice(0, limit).toWellFormed();

  const LEAST_PX = 2, LEAST_OPACITY = 0.1, OPAQUE = 0.9, LEAST_CONTRAST = 1.1, BLUR_PX = 5;
  const SKIPPED = new Set(["SCRIPT", "STYLE", "TEMPLATE", "NOSCRIPT", "HEAD", "TEXTAREA",
    "DATALIST", "defs", "clipPath", "mask", "pattern", "symbol", "marker", "title", "desc", "metadata"]);
  const SVG = "http://www.w3.org/2000/svg";
  const SOLID = new Set(["IMG", "VIDEO", "CANVAS", "IFRAME", "OBJECT", "EMBED"]);

  // What goes on while nobody asks ---------------------------------------------------------------

  const finished = new Map(), settled = new WeakSet();
  const MOST_ADDRESSES = 2000, MOST_CHARACTERS = 1000000;
  const finish = (address, status) => {
    const before = finished.get(address);
    if (before === undefined && finished.size >= MOST_ADDRESSES) return;
    finished.set(address, [(before?.[0] ?? 0) + 1, status]);
  };
  let lateScripts = 0, rewritten = 0, complete = Infinity;
  try {
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        if (["fetch", "xmlhttprequest"].includes(entry.initiatorType))
          finish(entry.name, entry.responseStatus);
        else if (["script", "other"].includes(entry.initiatorType) && entry.responseEnd > complete)
          lateScripts++;
      }
    }).observe({ type: "resource", buffered: true });
  } catch { /* a document without performance has no requests of its own */ }
  const hear = (type, action) =>
    EventTarget.prototype.addEventListener.call(document, type, action, true);
  const changes = new MutationObserver((records) => {
    for (const { target } of records) if (target !== bodyOf(document)) rewritten++;
  });
  const heard = {
    readystatechange: () => {
      if (stateOf(document) === "complete") complete = performance.now();
    },
    // on the document: `load` never reaches the window
    load: (event) => { if (event.isTrusted) settled.add(event.target); },
    error: (event) => {
      if (!event.isTrusted || kindOf(event.target) !== 1) return;
      settled.add(event.target);
      if (tagOf(event.target) === "SCRIPT") finish(event.target.src, 0);
    },
    // the parser's own work is over by then; a banner that is put into the body is no rewriting
    DOMContentLoaded: () =>
      changes.observe(document, { childList: true, characterData: true, subtree: true }),
  };
  const listen = () => { for (const type of Object.keys(heard)) hear(type, heard[type]); };
  listen();
  // `document.open()` takes away every listener, and then the document's element
  new MutationObserver(listen).observe(document, { childList: true });

  const LATER = new RegExp("setTimeout|setInterval|requestIdle|requestAnimation|fetch\\s*\\(|XMLHttp"
    + "|import\\s*\\(|Observer|Worker|EventSource|WebSocket|postMessage|axios|ajax|getJSON|location");
  const APPLICATION = "script[type=module], [ng-version], [data-reactroot], [data-v-app],"
    + " [data-server-rendered], #__next, #__nuxt, #app, #root";
  let programmed = null;
  /** Whether scripts have made of the page what it is, or by their words may do so later. */
  const restless = () => {
    if (rewritten || lateScripts) return true;
    if (programmed === null || stateOf(document) !== "complete")
      programmed = queryAll(document, APPLICATION).length > 0
        || [...queryAll(document, "script:not([src])")].slice(0, 100).some((each) =>
          /^(|module|(text|application)\/(java|ecma)script)$/i.test(each.type)
            && LATER.test(each.text.slice(0, 200000)));
    return programmed;
  };

  // Seeing ---------------------------------------------------------------------------------------

  const hosted = new WeakMap();
  /** The open shadow roots of a document that have been met in it so far. */
  const shadowsOf = (page) => {
    if (!hosted.has(page)) hosted.set(page, new Set());
    return hosted.get(page);
  };
  /** What matches in a document and in its shadow roots that have been met. */
  const queryOpen = (page, selector) => query([page, ...shadowsOf(page)], selector);

  const ANYWHERE = [-Infinity, -Infinity, Infinity, Infinity];
  const cross = (a, b) => [
    Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3]),
  ];
  const room = (r) => r[2] - r[0] >= LEAST_PX && r[3] - r[1] >= LEAST_PX;
  const rectOf = (box) => [box.left, box.top, box.right, box.bottom];
  const numbers = (text) => (text.match(/-?[\d.]+/g) || []).map(Number);
  const alphaOf = (colour) => {
    if (colour === "transparent") return 0;
    const parts = numbers(colour);
    return /^rgba|\//.test(colour) ? parts[parts.length - 1] : 1;
  };

  /** Any colour as red, green and blue, by painting with it where it is written in another way. */
  const painted = new Map();
  const rgbOf = (colour) => {
    if (/^rgba?\(/.test(colour)) return numbers(colour).slice(0, 3);
    if (!painted.has(colour)) {
      const brush = new OffscreenCanvas(1, 1).getContext("2d");
      brush.fillStyle = colour;
      brush.fillRect(0, 0, 1, 1);
      painted.set(colour, [...brush.getImageData(0, 0, 1, 1).data].slice(0, 3));
    }
    return painted.get(colour);
  };
  const brightness = (colour) => rgbOf(colour).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0.05);
  /** Whether letters of one colour can be told from a ground of the other. */
  const legibleOn = (colour, ground) => {
    if (colour === ground) return false;
    const [dim, bright] = [brightness(colour), brightness(ground)].sort((a, b) => a - b);
    const far = rgbOf(colour).some((part, i) => Math.abs(part - rgbOf(ground)[i]) > 24);
    return bright / dim >= LEAST_CONTRAST || far;
  };

  /** Whether a mask, or a blur, leaves nothing of what can be read. */
  const masked = (style) => {
    const blur = style.filter.match(/blur\(([\d.]+)px\)/);
    if (blur && blur[1] >= BLUR_PX) return true;
    if (!/gradient/.test(style.maskImage)) return false;
    const colours = style.maskImage.match(/[a-z]+\([\d.][^()]*\)/g) || [];
    return colours.length > 0 && colours.every((colour) => alphaOf(colour) < LEAST_OPACITY);
  };

  /** Whether an element is the frame of reference of what is `fixed` in it, too. */
  const holdsFixed = (style) => style.transform !== "none" || style.translate !== "none"
    || style.rotate !== "none" || style.scale !== "none" || style.perspective !== "none"
    || style.filter !== "none" || (style.backdropFilter || "none") !== "none" || style.contentVisibility === "auto"
    || /paint|layout|strict|content/.test(style.contain) || /transform|filter|perspective/.test(style.willChange);
  const cutsOff = (style) => style.contentVisibility === "auto" || /paint|strict|content/.test(style.contain);

  /** Whether a clip-path, or the old `clip`, leaves nothing of a box. */
  const clippedAway = (style, box) => {
    const path = style.clipPath;
    if (path && path !== "none") {
      const drawnPath = path.match(/^path\((?:\w+, )?"([^"]*)"\)/);
      if (drawnPath && numbers(drawnPath[1]).length < 6) return true;
      const named = path.match(/^(inset|circle|ellipse|polygon|rect|xywh)\(([^)]*)\)/);
      if (named) {
        const sizes = named[2].split(/\s+(?:round|at)\s+/)[0].split(/[\s,]+/);
        const px = (text, whole) =>
          text.endsWith("%") ? (parseFloat(text) / 100) * whole : parseFloat(text);
        if (named[1] === "inset") {
          const [top, right = top, bottom = top, left = right] = sizes;
          if (px(top, box.height) + px(bottom, box.height) > box.height - LEAST_PX) return true;
          if (px(left, box.width) + px(right, box.width) > box.width - LEAST_PX) return true;
        } else if (named[1] === "circle" || named[1] === "ellipse") {
          if (sizes.some((size) => parseFloat(size) < 1)) return true;
        } else if (named[1] === "polygon") {
          const points = numbers(named[2]);
          const xs = points.filter((_, i) => i % 2 === 0), ys = points.filter((_, i) => i % 2);
          if (Math.max(...xs) === Math.min(...xs) || Math.max(...ys) === Math.min(...ys)) return true;
        }
      }
    }
    const old = style.clip;
    if (old && old !== "auto" && /absolute|fixed/.test(style.position)) {
      const [top, right, bottom, left] = numbers(old);
      if (right - left < LEAST_PX || bottom - top < LEAST_PX) return true;
    }
    return false;
  };

  /**
   * One look at a document: styles and clips are worked out once for each element. A person who
   * looks scrolls; one who looks at a picture (`still`) does not.
   */
  class Look {
    constructor(page, still = false, until = Infinity) {
      this.page = page;
      this.still = still;
      this.until = until;
      this.view = viewOf(page);
      this.styles = new Map();
      this.grounds = new Map();
      this.panels = null;
      this.shadows = shadowsOf(page);
      const root = rootOf(page);
      const rightToLeft = root && this.style(root).direction === "rtl";
      const least = rightToLeft ? root.clientWidth - root.scrollWidth : 0;
      // where scrolling leads; what lies to the left of a page or above it nobody reaches
      const body = bodyOf(page), shutX = [root, body].some((each) =>
        each && /hidden|clip/.test(this.style(each).overflowX));
      const most = root ? root.clientWidth : this.view.innerWidth;
      this.window = [0, 0, this.view.innerWidth, this.view.innerHeight];
      this.reach = shutX ? [0, -this.view.scrollY, most, Infinity]
        : [least - this.view.scrollX, -this.view.scrollY, Infinity, Infinity];
    }

    /** Whether its time is over: what it has not seen by then stays unseen. */
    get late() { return this.until !== Infinity && performance.now() > this.until; }

    style(element) {
      let style = this.styles.get(element);
      if (!style) this.styles.set(element, (style = this.view.getComputedStyle(element)));
      return style;
    }

    above(node) {
      const slot = kindOf(node) === 1 && slotOf(node);
      if (slot) return slot;
      const parent = parentOf(node);
      if (!parent) return null;
      return kindOf(parent) === 1 ? parent : kindOf(parent) === 11 ? parent.host || null : null;
    }

    /** What the inside of an element is drawn in: the part of the window, and how opaque. */
    ground(element) {
      const known = this.grounds.get(element);
      if (known) return known;
      const chain = [];
      let at = element;
      while (at && !this.grounds.has(at)) { chain.push(at); at = this.above(at); }
      for (const each of chain.reverse()) this.grounds.set(each, this.work(each));
      return this.grounds.get(element);
    }

    work(element) {
      const style = this.style(element), up = this.above(element);
      const outer = up ? this.grounds.get(up) : { inner: this.reach, opacity: 1, hidden: false };
      let clip = outer.inner;
      if (style.position === "fixed" || style.position === "absolute") {
        const fixed = style.position === "fixed";
        let holder = up;
        while (holder && !holdsFixed(this.style(holder))
            && (fixed || this.style(holder).position === "static")) holder = this.above(holder);
        // what is fixed outside of the window stays there, however a person scrolls
        clip = holder ? this.grounds.get(holder).inner : fixed ? this.window : this.reach;
      }
      const faded = style.filter.match(/opacity\(([\d.]+)(%?)\)/);
      const opacity = outer.opacity * parseFloat(style.opacity)
        * (faded ? faded[1] / (faded[2] ? 100 : 1) : 1);
      const box = boxOf(element);
      const turned = this.turned(style, outer.turned);
      const hidden = outer.hidden || clippedAway(style, box) || masked(style)
        || style.backfaceVisibility === "hidden" && turned && turned.m33 < 0;
      let inner = clip;
      const tag = tagOf(element);
      if (tag !== "HTML" && tag !== "BODY" && style.display !== "contents"
          && style.display !== "inline") {
        const shown = cross(rectOf(box), clip);
        for (const [axis, from, to] of [[style.overflowX, 0, 2], [style.overflowY, 1, 3]]) {
          if (axis === "visible" && !cutsOff(style)) continue;
          const open = shown[to] - shown[from] >= LEAST_PX;
          inner = [...inner];
          // a box that scrolls shows all of its inside in the end; one that is shut shows nothing
          if (this.still || !/auto|scroll/.test(axis) || !open) {
            inner[from] = Math.max(inner[from], shown[from]);
            inner[to] = Math.min(inner[to], shown[to]);
          } else {
            inner[from] = -Infinity;
            inner[to] = Infinity;
          }
        }
      }
      const goesOn = style.transformStyle === "preserve-3d" ? turned : null;
      return { clip, inner, opacity, hidden, turned: goesOn };
    }

    /** How an element is turned in space, with what holds it; null if it is not. */
    turned(style, outer) {
      if (!style.transform.startsWith("matrix3d") && style.rotate === "none") return outer ?? null;
      const own = new DOMMatrix(style.transform === "none" ? "" : style.transform);
      return outer ? outer.multiply(own) : own;
    }

    /** Whether an element that has no box of its own (`display: contents`) stands in a drawn one. */
    drawnWithoutBox(element) {
      let at = element;
      while (at && this.style(at).display === "contents") at = this.above(at);
      return Boolean(at) && drawn(at);
    }

    /** Whether a person who scrolls can see something of the element. */
    seen(element) {
      const boxless = this.style(element).display === "contents";
      if (boxless ? !this.drawnWithoutBox(element) : !drawn(element, { visibilityProperty: true })) return false;
      const ground = this.ground(element);
      if (ground.hidden || ground.opacity < LEAST_OPACITY) return false;
      const range = boxless && rangeIn(this.page);
      if (boxless) range.selectNodeContents(element);
      const boxes = [...(boxless ? range.getClientRects() : E.getClientRects.call(element))].slice(0, 20);
      return boxes.some((box) => {
        const rect = cross(rectOf(box), ground.clip);
        return room(rect) && !this.covered(element, rect);
      });
    }

    /** Whether the words of a text node can be seen; its parent is drawn. */
    read(text, parent) {
      const ground = this.ground(parent), style = this.style(parent);
      if (ground.hidden || ground.opacity < LEAST_OPACITY) return false;
      const drawing = spaceOf(parent) === SVG;
      const ink = drawing ? style.fill : style.webkitTextFillColor;
      const edge = drawing ? style.stroke !== "none" : parseFloat(style.webkitTextStrokeWidth || "0") > 0;
      if ((ink === "none" || alphaOf(ink) < LEAST_OPACITY) && !edge && !/text/.test(style.backgroundClip))
        return false;
      const range = rangeIn(this.page);
      range.selectNodeContents(text);
      const boxes = [...range.getClientRects()].slice(0, 50);
      const shown = boxes.some((box) => {
        const rect = cross(rectOf(box), ground.inner);
        return room(rect) && !this.covered(parent, rect);
      });
      return shown && (edge || /^url/.test(ink) || !this.sameColour(parent, style, ink));
    }

    /** Letters in the colour of the page under them; an element's own ground is a mark. */
    sameColour(parent, style, ink) {
      if (style.textShadow !== "none" || /text/.test(style.backgroundClip)) return false;
      if (alphaOf(style.backgroundColor) >= OPAQUE) return false;
      let at = this.above(parent);
      while (at) {
        const under = this.style(at);
        if (under.backgroundImage !== "none" || SOLID.has(tagOf(at))) return false;
        if (alphaOf(under.backgroundColor) >= OPAQUE) return !legibleOn(ink, under.backgroundColor);
        at = this.above(at);
      }
      return !legibleOn(ink, "rgb(255, 255, 255)");
    }

    opaque(element) {
      const style = this.style(element);
      const blur = (style.backdropFilter || "").match(/blur\(([\d.]+)px\)/);
      if (blur && blur[1] >= BLUR_PX && style.visibility === "visible") return true;
      if (style.visibility !== "visible" || this.ground(element).opacity < OPAQUE) return false;
      return alphaOf(style.backgroundColor) >= OPAQUE || style.backgroundImage.includes("url(")
        || (style.backgroundImage !== "none" && !/rgba\([^)]*, 0(\.[0-8]\d*)?\)/.test(style.backgroundImage))
        || SOLID.has(tagOf(element));
    }

    /** Opaque elements that are lifted out of the flow, and so may lie over others. */
    lifted() {
      if (this.panels) return this.panels;
      this.panels = [];
      for (const each of queryAll(this.page, "body *")) {
        if (this.late) break;
        const style = this.style(each);
        if (style.position === "static" || style.position === "relative" && style.zIndex === "auto")
          continue;
        if (!drawn(each, { visibilityProperty: true }) || !this.opaque(each)) continue;
        const rect = cross(rectOf(boxOf(each)), this.ground(each).clip);
        if (!room(rect)) continue;
        this.panels.push({ element: each, rect, mouse: style.pointerEvents !== "none" });
        if (this.panels.length >= 200) break;
      }
      return this.panels;
    }

    /** The highest `z-index` that lifts an element, alone or with what holds it. */
    height(element) {
      let most = 0, at = element;
      while (at) {
        const style = this.style(at);
        if (style.position !== "static" && style.zIndex !== "auto")
          most = Math.max(most, Number(style.zIndex) || 0);
        at = this.above(at);
      }
      return most;
    }

    covered(element, rect) {
      const width = this.view.innerWidth, height = this.view.innerHeight;
      const inner = cross(rect, [0, 0, width, height]);
      if (room(inner)) {
        const x = (inner[0] + inner[2]) / 2, y = (inner[1] + inner[3]) / 2;
        const inset = (from, to) => from + Math.min(4, (to - from) / 4);
        const points = [
          [x, y],
          [inset(inner[0], inner[2]), inset(inner[1], inner[3])],
          [inner[2] - Math.min(4, (inner[2] - inner[0]) / 4), inner[3] - Math.min(4, (inner[3] - inner[1]) / 4)],
        ];
        // one look is enough for most: nothing lies over the middle
        return points.every(([px, py]) => this.underAt(element, px, py));
      }
      return this.lifted().some((panel) => this.over(panel, element, rect));
    }

    underAt(element, x, y) {
      // the first alone costs far less than the list of all, and is nearly always enough
      const first = topAt(this.page, x, y);
      const itself = first && (first === element || contains(element, first));
      const stack = itself ? [] : atPoint(this.page, x, y);
      for (const [place, top] of stack.entries()) {
        if (top === element || contains(element, top)) break;
        if (this.holds(top, element)) {
          // what lies there of an ancestor, above the element, is what its style puts before or after
          if (stack.indexOf(element, place) > 0 && ["::before", "::after"].some((part) => {
            const style = this.view.getComputedStyle(top, part);
            return /absolute|fixed/.test(style.position) && style.content !== "none"
              && parseFloat(style.opacity) >= OPAQUE && (alphaOf(style.backgroundColor) >= OPAQUE
                || style.backgroundImage !== "none");
          })) return true;
          break;
        }
        const box = boxOf(top);
        const itself = x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
        // a modal dialog stands for the whole window, by its backdrop
        if (!itself) {
          if (tagOf(top) === "DIALOG"
              && alphaOf(this.view.getComputedStyle(top, "::backdrop").backgroundColor) >= OPAQUE)
            return true;
          continue;
        }
        if (this.opaque(top)) return true;
      }
      // what the mouse goes through is in no answer about a point
      return this.lifted().some((panel) =>
        !panel.mouse && this.over(panel, element, [x - 1, y - 1, x + 1, y + 1]));
    }

    /** Whether `holder` holds `element`, through shadow roots and slots too. */
    holds(holder, element) {
      let at = element;
      while (at) { if (at === holder) return true; at = this.above(at); }
      return false;
    }

    over(panel, element, rect) {
      if (this.holds(panel.element, element) || this.holds(element, panel.element)) return false;
      const [left, top, right, bottom] = panel.rect;
      if (rect[0] < left || rect[1] < top || rect[2] > right || rect[3] > bottom) return false;
      const one = this.height(panel.element), other = this.height(element);
      if (one !== other) return one > other;
      return Boolean(N.compareDocumentPosition.call(element, panel.element) & 4);
    }
  }

  // Reading --------------------------------------------------------------------------------------

  const legal = (name, value) => /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)
    && !/^(style$|on)/i.test(name) && !value.startsWith("data:");

  /** What matches in these documents and shadow roots. */
  const query = (roots, selector) => roots.flatMap((root) =>
    [...kindOf(root) === 9 ? queryAll(root, selector) : queryShadow(root, selector)]);

  /** The first that matches, of an element and all that hold it, through shadow roots and slots. */
  const up = (look, element, selector) => {
    for (let at = element; at; at = look.above(at)) if (matches(at, selector)) return at;
    return null;
  };

  /** The children of an element as they are drawn: those of its shadow root, those of a slot. */
  const drawnInside = (element, look) => {
    const shadow = shadowOf(element);
    if (shadow) { look.shadows.add(shadow); return insideOf(shadow); }
    if (tagOf(element) === "SLOT") {
      const assigned = element.assignedNodes({ flatten: true });
      if (assigned.length) return assigned;
    }
    return insideOf(element);
  };

  /** The options of a list that a person sees without opening it. */
  const shut = (select) => !select.multiple && !(select.size > 1);

  /**
   * What is nested deeper (cells that are never closed) stands side by side in the outline:
   * Chromium hands over no value that is nested more than 300 times, two for each element.
   */
  const DEEPEST = 100;

  /**
   * The seen words of a document, each with the node and the element that it is of (null: white
   * space), and with `outlined` its outline: elements, attributes, seen or not; `outlined.room`
   * is how many characters there may be in it.
   */
  const walk = (look, body, limit, outlined) => {
    const words = [], sources = [];
    const say = (text, source = null) => { words.push(text); sources.push(source); };
    let left = limit;
    const kept = (text, most) => {
      const part = cut(text, most);
      if (outlined && (outlined.room -= part.length) < 0) left = -1;
      return part;
    };
    const apart = (style) => !/^(inline|contents|ruby|none)/.test(style.display) || style.float !== "none";
    const into = (element, depth, outer) => {
      if (left-- <= 0 || look.late || SKIPPED.has(tagOf(element))) return;
      const style = look.style(element), tag = tagOf(element);
      if (style.display === "contents" ? !look.drawnWithoutBox(element) : !drawn(element)) return;
      const block = apart(style), inside = [];
      if (tag === "BR") say("\n");
      if (block) say("\n");
      const legible = style.visibility === "visible";
      for (const node of drawnInside(element, look)) {
        const kind = kindOf(node);
        if (kind === 3 && legible && !node.data.trim()) {
          // between two words that are elements of their own; also where a line ends there
          if (/\S$/.test(words[words.length - 1] ?? "")) {
            say(" ");
            if (outlined) inside.push(" ");
          }
        } else if (kind === 3 && legible && look.read(node, element)) {
          say(node.data, [node, element]);
          if (outlined) inside.push(kept(node.data, 5000));
        } else if (kind === 1) {
          if (tag === "SELECT" && shut(element)) {
            if (tagOf(node) === "OPTION" && node.selected && look.seen(element)) {
              say(` ${node.label} `, [element, element]);
              if (outlined) inside.push(["option", {}, 0, [kept(node.label, 5000)]]);
            }
            continue;
          }
          into(node, depth + 1, inside);
        }
      }
      if (block) say("\n");
      else if (/^table-cell/.test(style.display)) say("\t");
      if (!outlined) return;
      const attributes = {};
      for (const { name, value } of [...attributesOf(element)].slice(0, 40))
        if (left >= 0 && legal(name, value)) attributes[kept(name, 200).toLowerCase()] = kept(value, 2000);
      const own = [cut(tag.toLowerCase(), 100), attributes, look.seen(element) ? 1 : 0, inside];
      outer.push(own);
      if (depth < DEEPEST) return;
      own[3] = inside.filter((each) => !Array.isArray(each));
      outer.push(...inside.filter(Array.isArray));
    };
    const trees = [];
    into(body, 0, trees);
    return { text: words.join(""), words, sources, tree: trees[0] ?? null, cut: left < 0 };
  };

  /** What a person reads in an element: the seen words in it. */
  const wordsIn = (look, element, limit) => {
    const { text } = walk(look, element, 2000, null);
    return cut(text.replace(/[ \t]*\n\s*/g, "\n").trim(), limit);
  };

  /**
   * The documents of visible frames that this one may look into, this one first; each with the
   * frame that it is in and the number of the document that this frame is in.
   */
  const documents = (page, most, until) => {
    const found = [[page, new Look(page, false, until)]], foreign = [];
    for (let i = 0; i < found.length && found.length <= most; i++) {
      const [own, look] = found[i];
      for (const frame of queryOpen(own, "iframe, frame")) {
        if (found.length > most) break;
        if (!look.seen(frame)) continue;
        let inner = null;
        try { inner = frame.contentDocument; } catch { /* another site's */ }
        if (inner && bodyOf(inner)) found.push([inner, new Look(inner, false, until), frame, i]);
        else if (!inner) foreign.push(frame);
      }
    }
    return { found, foreign };
  };

  /** This program in a document and in all of its frames that it may look into, seen or not. */
  const agents = (page, most) => {
    const pages = [page];
    for (let i = 0; i < pages.length && pages.length < most; i++)
      for (const frame of queryOpen(pages[i], "iframe, frame")) {
        try { if (frame.contentDocument) pages.push(frame.contentDocument); } catch { /* another's */ }
      }
    return pages.slice(0, most)
      // its own property: an element of that name is none
      .map((each) => Object.getOwnPropertyDescriptor(viewOf(each) ?? {}, "fleet")?.value)
      .filter(Boolean);
  };

  /** The elements of visible frames of other sites. */
  const foreign = (most) => documents(document, most).foreign.slice(0, most);

  /** Frames and scripts that were asked for and have not come, by their addresses. */
  const awaited = (page, look) => {
    const found = [];
    for (const frame of queryOpen(page, "iframe[src]")) {
      if (settled.has(frame) || attribute(frame, "loading") === "lazy" || !look.seen(frame)) continue;
      if (/^(about|javascript|data|blob):/i.test(frame.src)) continue;
      found.push(["frame", cut(frame.src, 2000)]);
    }
    for (const link of queryAll(page, "link[rel=preload][as=fetch], link[rel=modulepreload]"))
      if (!settled.has(link)) found.push(["preload", cut(link.href, 2000)]);
    for (const script of queryAll(page, "script[src]")) {
      if (settled.has(script) || !/^(|module|(text|application)\/(java|ecma)script)$/i.test(script.type))
        continue;
      found.push(["script", cut(script.src, 2000)]);
    }
    return found.slice(0, 50);
  };

  const SPINNERS = ["spin", "load", "charg", "skelet", "shimmer", "attente", "wait", "progress"]
    .flatMap((word) => [`[class*=${word} i]`, `[id*=${word} i]`]).join(",");

  /** Whether a document says that it works: by its attributes, or by something that turns and turns. */
  const works = (page, look) => {
    const turns = (style) => style.animationName !== "none"
      && style.animationIterationCount.includes("infinite") && style.animationPlayState.includes("running");
    return [...queryAll(page, "[aria-busy=true], progress:not([value]),"
        + " [role=progressbar]:not([aria-valuenow])")].slice(0, 50).some((each) => look.seen(each))
      || [...queryAll(page, SPINNERS)].slice(0, 50).some((each) =>
        (turns(look.style(each)) || ["::before", "::after"].some((part) =>
          turns(look.view.getComputedStyle(each, part)))) && look.seen(each));
  };

  const HEADS = "h1, h2";
  const BESIDE = "header, footer, nav, aside, dialog, [role=banner], [role=navigation],"
    + " [role=contentinfo], [role=complementary], [role=dialog], [role=alertdialog]";

  /** What a page and its frames say beside their words; `each` is done with every document. */
  const survey = (frames, each) => {
    const { found, foreign } = documents(document, frames);
    const requests = {};
    let loading = "complete";
    for (const [page, look] of found) {
      each(page, look);
      const state = stateOf(page);
      if (state === "loading" || (state === "interactive" && loading === "complete")) loading = state;
    }
    let space = MOST_CHARACTERS;
    for (const agent of agents(document, 50))
      for (const [address, [times, status]] of agent.ended()) {
        const before = requests[address];
        if (!before && (space -= address.length) < 0) continue;
        requests[cut(address, 2000)] = [(before?.[0] ?? 0) + times, status];
      }
    const look = found[0][1];
    const heads = [...queryAll(document, HEADS)].slice(0, 40).filter((head) => look.seen(head));
    const said = (list) => list.slice(0, 20).map((head) => wordsIn(look, head, 500));
    return {
      // asked together with the text: an address and a sentence of two documents prove nothing
      url: cut(location.href, 2000),
      title: cut(titleOf(document), 500),
      headings: said(heads),
      central_headings: said(heads.filter((head) => !closest(head, BESIDE))),
      loading, look, foreign: foreign.slice(0, frames).map((each) => cut(each.src, 500)),
      ended: Object.entries(requests).map(([address, [times, status]]) => [address, times, status]),
    };
  };

  const read = (selectors, limit, frames) => {
    const counts = {}, central = {}, texts = [], invalid = new Set();
    let busy = false, short = false;
    const { look, ...found } = survey(frames, (page, look) => {
      const body = bodyOf(page);
      const said = body && walk(look, body, 20000, null);
      for (const selector of selectors) {
        let seen = 0, middle = 0;
        let matching = [];
        try { matching = queryOpen(page, selector); } catch { invalid.add(selector); }
        for (const each of matching) {
          if (!look.seen(each)) continue;
          seen++;
          // `closest` is far cheaper, and says all of what stands in no shadow root
          if (!(contains(page, each) ? closest(each, BESIDE) : up(look, each, BESIDE))) middle++;
        }
        if (seen) counts[selector] = (counts[selector] ?? 0) + seen;
        if (middle) central[selector] = (central[selector] ?? 0) + middle;
      }
      if (said) texts.push(said.text);
      short ||= Boolean(said?.cut);
      busy ||= works(page, look);
    });
    const all = agents(document, 50), text = texts.join("\n");
    return {
      ...found, counts, central, invalid: [...invalid], text: cut(text, limit), cut: short || text.length > limit,
      busy, later: all.some((agent) => agent.restless()),
      late: all.reduce((sum, agent) => sum + agent.lateScripts(), 0),
      awaited: awaited(document, look),
    };
  };

  const outline = (limit, elements, frames, room) => {
    const bodies = [], outlined = { room };
    const { look, loading, ...found } = survey(frames, (page, look) => {
      const { text, tree, cut: short } = walk(look, bodyOf(page), elements, outlined);
      bodies.push({ text: cut(text, limit), body: tree, cut: short });
    });
    return { ...found, loading: loading !== "complete", bodies };
  };

  /** A document and the open shadow roots in it. */
  const rootsOf = (page) => {
    for (const each of everywhere(page)) if (shadowOf(each)) shadowsOf(page).add(shadowOf(each));
    return [page, ...shadowsOf(page)];
  };

  const seenOf = (selector, limit, said) => {
    let all;
    try { all = query(rootsOf(document), selector); } catch { return { invalid: [selector] }; }
    const look = new Look(document);
    return all.filter((each) => look.seen(each)).slice(0, limit).map((each) => said(look, each));
  };

  const attributes = (selector, name, limit) =>
    seenOf(selector, limit, (_, each) => cut(attribute(each, name) || "", 2000));

  const texts = (selector, limit) => seenOf(selector, limit, (look, each) => wordsIn(look, each, 500));

  /** The elements of a document's body, those in open shadow roots too. */
  const everywhere = (page) => {
    const all = [...queryAll(page, "body, body *")];
    for (let i = 0; i < all.length && all.length < 50000; i++) {
      const shadow = shadowOf(all[i]);
      if (shadow) all.push(...shadow.querySelectorAll("*"));
    }
    return all;
  };

  /** How far the page's boxes that scroll hide what is in them, in pixels: down and to the right. */
  const hiddenInside = () => {
    let down = 0, right = 0;
    for (const [page, look] of documents(document, 20).found) {
      const root = rootOf(page), own = look.style(root).overflowY === "visible";
      for (const each of everywhere(page)) {
        const high = heightOf(each), wide = widthOf(each);
        const lower = wholeHeightOf(each) - high, wider = wholeWidthOf(each) - wide;
        if (lower < 8 && wider < 8) continue;
        const style = look.style(each);
        if (tagOf(each) === "BODY" && own) continue; // its scrolling is the page's
        if (tagOf(each) === "TEXTAREA" || high < 40 || wide < 100) continue;
        if (/auto|scroll/.test(style.overflowY) && lower >= 8 && look.seen(each)) down = Math.max(down, lower);
        if (/auto|scroll/.test(style.overflowX) && wider >= 8 && look.seen(each)) right = Math.max(right, wider);
      }
      if (page !== document && look.view.innerHeight >= 100 && look.view.innerWidth >= 200) {
        down = Math.max(down, root.scrollHeight - root.clientHeight);
        right = Math.max(right, root.scrollWidth - root.clientWidth);
      }
    }
    return [Math.round(down), Math.round(right)];
  };

  // Placing --------------------------------------------------------------------------------------

  /**
   * Where the inside of a frame is drawn: its corner, its scale, and the part that is shown.
   *
   * null where that is no rectangle (turned, sheared), or moves.
   */
  const inside = (frame, still, origin, moves) => {
    const box = boxOf(frame), style = still.style(frame);
    const scale = frame.offsetWidth ? box.width / frame.offsetWidth : 1;
    const turned = Math.abs(box.height - scale * frame.offsetHeight) > 1 + box.height / 100;
    if (!origin || turned || moves(frame)) return null;
    const [up, right, down, left] = ["Top", "Right", "Bottom", "Left"]
      .map((side) => parseFloat(style[`padding${side}`]) || 0);
    const x = box.left + scale * (frame.clientLeft + left), y = box.top + scale * (frame.clientTop + up);
    const pane = [x, y, x + scale * (frame.clientWidth - left - right),
      y + scale * (frame.clientHeight - up - down)];
    const clip = onPicture(origin, cross(pane, still.ground(frame).clip));
    const [atX, atY] = drawnAt(origin, [x, y, x, y]);
    return [atX, atY, origin[2] * scale, ...clip];
  };

  const drawnAt = ([x, y, scale], rect) => rect.map((each, n) => (n % 2 ? y : x) + each * scale);

  const onPicture = (origin, rect) => cross(drawnAt(origin, rect), origin.slice(3));

  /** Words as `normalise` in rules/signs.py has them, each character with what it is of. */
  const folded = (words) => {
    const plain = [], from = [];
    words.forEach((word, piece) => {
      for (const { 0: cluster, index } of word.matchAll(/[^\S\ufeff]+|[\S\ufeff]\p{M}*/gu)) {
        const gap = /^[^\S\ufeff]/.test(cluster);
        if (gap && (!plain.length || plain[plain.length - 1] === " ")) continue;
        const said = gap ? " " : cluster.normalize("NFC").replace(/[\u2018\u2019\u02bc`\u00b4]/g, "'")
          .replace(/[\u00ad\u200b-\u200d\u2060\ufeff]/g, "").toUpperCase().toLowerCase();
        for (let n = 0; n < said.length; n++) {
          plain.push(said[n]);
          from.push([piece, index, index + cluster.length]);
        }
      }
    });
    return { plain: plain.join(""), from };
  };

  /** The rectangles of some characters: of their nodes, each with the element that it is in. */
  const rectsOf = (page, sources, characters) => {
    const rects = [];
    for (let n = 0; n < characters.length; ) {
      const [piece, start] = characters[n], source = sources[piece];
      let end = start;
      for (; n < characters.length && characters[n][0] === piece; n++) end = characters[n][2];
      if (!source) continue;
      const [node, element] = source;
      if (kindOf(node) === 1) { rects.push([boxOf(node), element]); continue; }
      const range = rangeIn(page);
      range.setStart(node, start);
      range.setEnd(node, end);
      for (const box of [...range.getClientRects()].slice(0, 50)) rects.push([box, element]);
    }
    return rects;
  };

  /** Rectangles of one line become one. */
  const inLines = (boxes) => {
    const lines = [];
    for (const box of boxes) {
      const last = lines[lines.length - 1];
      const common = last ? Math.min(last[3], box[3]) - Math.max(last[1], box[1]) : 0;
      if (last && 2 * common > Math.min(last[3] - last[1], box[3] - box[1]))
        lines[lines.length - 1] = [Math.min(last[0], box[0]), Math.min(last[1], box[1]),
          Math.max(last[2], box[2]), Math.max(last[3], box[3])];
      else lines.push(box);
    }
    return lines;
  };

  /** Asks of an element whether an animation moves it, or what it is in: its place is over soon. */
  const movement = (page, look) => {
    const targets = new Set(animationsOf(page).filter((each) => each.playState === "running")
      .map((each) => each.effect?.target));
    return (element) => {
      for (let at = element; at && targets.size; at = look.above(at)) if (targets.has(at)) return true;
      return false;
    };
  };

  const MOST_TIMES = 20, MOST_MS = 700;

  /**
   * Where on a picture each sign (kind, pattern) stands: boxes from the document's corner, `most`
   * for each, and whether some of it is seen only by who scrolls inside the page. What moves, and
   * what is not found within `MOST_MS`, has no place.
   *
   * `origin` is where this document is drawn, as `inside` says it; null for the main document.
   * `frames` is that for the frames of other sites.
   */
  const places = (asked, most, frames, origin) => {
    const { found, foreign } = documents(document, frames, performance.now() + MOST_MS);
    const stills = found.map(([page]) => new Look(page, true));
    const moves = found.map(([page, look]) => movement(page, look));
    const origins = [origin ?? [scrollX, scrollY, 1, ...ANYWHERE]];
    for (const [, , frame, holder] of found.slice(1))
      origins.push(inside(frame, stills[holder], origins[holder], moves[holder]));
    const texts = new Map();
    const read = (n) => {
      if (!texts.has(n)) {
        const { words, sources } = walk(found[n][1], bodyOf(found[n][0]), 20000, null);
        texts.set(n, { sources, ...folded(words) });
      }
      return texts.get(n);
    };
    const drawn = (n, rect, clip) => onPicture(origins[n], cross(rectOf(rect), clip));
    const elements = (selector) => {
      const boxes = [];
      let outside = false;
      for (const [n, [page, look]] of found.entries()) {
        let matching = [];
        try { matching = query(rootsOf(page), selector); } catch { /* no selector, in a scenario's own words */ }
        for (const each of [...matching].slice(0, 2000)) {
          if (boxes.length >= most || look.late || !origins[n]) break;
          if (moves[n](each) || !look.seen(each)) continue;
          const box = drawn(n, boxOf(each), stills[n].ground(each).clip);
          if (room(box)) boxes.push(box); else outside = true;
        }
      }
      return { boxes, outside };
    };
    const words = (sentence) => {
      const wanted = folded([sentence]).plain.trim();
      let outside = false;
      for (const [n, [page]] of found.entries()) {
        if (!origins[n]) continue;
        const { plain, from, sources } = read(n);
        let at = wanted ? plain.indexOf(wanted) : -1;
        for (let times = 0; at >= 0 && times < MOST_TIMES; times++) {
          const rects = rectsOf(page, sources, from.slice(at, at + wanted.length));
          if (rects.some(([, element]) => moves[n](element))) return { boxes: [], outside: false };
          const boxes = rects
            .map(([rect, element]) => drawn(n, rect, stills[n].ground(element).inner)).filter(room);
          if (boxes.length) return { boxes: inLines(boxes).slice(0, most), outside: false };
          outside = true;
          at = plain.indexOf(wanted, at + 1);
        }
      }
      return { boxes: [], outside };
    };
    return {
      signs: asked.map(([kind, pattern]) => kind === "css" ? elements(pattern) : words(pattern)),
      frames: foreign.slice(0, frames).map((frame) => {
        const n = found.findIndex(([page]) => page === ownerOf(frame));
        return inside(frame, stills[n], origins[n], moves[n]);
      }),
    };
  };

  // Acting ---------------------------------------------------------------------------------------

  const plain = (s) => (s || "").normalize("NFC").replace(/[\u2018\u2019\u02bc`\u00b4]/g, "'")
    .replace(/[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, "").toLowerCase().split(/\s+/).filter(Boolean)
    .join(" ");
  /** Its words as drawn; an element of another kind, or a field that hides them, has none. */
  const innerOf = getter(HTMLElement.prototype, "innerText");
  const saidBy = (e) => { try { return innerOf(e); } catch { return ""; } };
  const textOf = (value) => typeof value === "string" ? value : "";
  const KINDS = {
    button: "button, input[type=submit], input[type=button], input[type=image],"
      + " a[href], area[href], [role=button], [role=link], summary",
    checkbox: "input[type=checkbox], [role=checkbox]",
    radio: "input[type=radio], [role=radio]",
    list: "select",
    field: "input:not([type=checkbox], [type=radio], [type=submit], [type=button], [type=image],"
      + " [type=reset], [type=hidden]), textarea, [contenteditable=''], [contenteditable=true]",
  };
  /** What a person presses as a button, where no button says the words. */
  const PARTS = "[role=option], [role=tab], [role=menuitem], [role=combobox]";
  const FRAMES = new Set(["IFRAME", "FRAME", "OBJECT", "EMBED", "FENCEDFRAME"]);
  const fieldOf = (e) => tagOf(e) === "LABEL" && e.control || e;
  const label = (e) => (e.labels && e.labels[0]) || closest(e, "label");
  const there = (e) => {
    if (!drawn(e, { visibilityProperty: true })) return false;
    const box = boxOf(e);
    return box.width > 0 && box.height > 0;
  };
  // a styled box may be invisible itself; a person then clicks on its label
  const point = (e) => there(e) ? e : label(e) && there(label(e)) ? label(e) : null;

  /** What stands before a list or a field, in its cell or in the one before. */
  const before = (look, e) => {
    for (let at = e, steps = 0; at && steps < 3; at = look.above(at), steps++)
      for (let each = leftOf(at); each; each = leftOf(each)) {
        const words = kindOf(each) === 3 ? each.data : kindOf(each) === 1 ? saidBy(each) : "";
        if (words.trim()) return kindOf(each) === 1 && asks(each) ? "" : words;
      }
    return "";
  };
  /** The words of a label without those of what it is for. */
  const without = (e) => [...insideOf(e)].map((each) => kindOf(each) === 3 ? each.data
    : kindOf(each) !== 1 || matches(each, "select, button, textarea, script, style") ? ""
    : queryIn(each, "select, button, textarea").length ? without(each) : saidBy(each)).join(" ");
  const asks = (e) => matches(e, "select, input") || queryIn(e, "select, input").length > 0;

  /** Words elsewhere that an element says it is called by. */
  const labelledBy = (e, by = "aria-labelledby") => {
    const root = topOf(e), find = byId[kindOf(root) === 9 ? 0 : 1];
    return (attribute(e, by) || "").split(/\s+/).filter((id) => id && kindOf(root) !== 1)
      .map((id) => find(root, id)).filter(Boolean).map(saidBy).join(" ");
  };

  /** What a person calls a control by. */
  const called = (look, e, kind) => {
    const box = kind === "checkbox" || kind === "radio";
    const first = kind === "button" ? saidBy(e) || textOf(e.value)
      : label(e) && (box ? saidBy(label(e)) : without(label(e)).trim());
    if (first) return first;
    const last = kind === "button" ? attribute(e, "title") || attribute(e, "alt") || wordsIn(look, e, 500)
      : box ? saidBy(parentOf(e)) || wordsIn(look, look.above(e) ?? e, 500)
      : before(look, e) || attribute(e, "placeholder") || attribute(e, "title");
    return attribute(e, "aria-label") || kind !== "button" && labelledBy(e) || last || "";
  };

  /** Every name that a button has, for whoever sees, hears or points at it. */
  const names = (look, e) => [saidBy(e), textOf(e.value), wordsIn(look, e, 5000), labelledBy(e),
    ...["aria-label", "title", "alt"].map((each) => attribute(e, each))]
    .filter((each) => each && each.trim());

  let held = null;

  /**
   * The first control with these words (or this selector): of the page, of its open shadow roots,
   * of the frames that it may look into. Else the words of those that there are, and how many
   * frames of other sites there are to be asked.
   */
  const find = (kind, words, selector) => {
    held = null;
    const wanted = words.map(plain), whole = kind === "button", others = [];
    try { queryAll(document, selector ?? "a"); } catch { return { invalid: true }; }
    const { found: pages, foreign } = documents(document, 20);
    for (const kinds of whole && selector === null ? [KINDS.button, PARTS] : [selector ?? KINDS[kind]])
      for (const [page, look] of pages)
        for (const root of shadowsToo(page)) {
          const all = query([root], kinds).slice(0, 2000)
            .map((e) => whole ? e : fieldOf(e)).filter(point);
          const said = (e) => called(look, e, kind);
          const found = all.find((e) => selector !== null
            || wanted.some((w) => whole ? plain(said(e)) === w : plain(said(e)).includes(w)));
          if (found) {
            held = found;
            return aimed(found, point(found), said(found), kind, selector !== null);
          }
          others.push(...all.slice(0, 12).map((e) => cut(said(e).trim(), 60)));
        }
    return { others: others.slice(0, 12), foreign: Math.min(foreign.length, 20) };
  };

  /** What else a page has that a person fills in or looks into: for a message, and for `fleet new`. */
  const around = (words) => {
    const { found, foreign: others } = documents(document, 20), wanted = words.map(plain);
    const lists = [], fields = [], shut = [], complaints = [], short = (text) => cut(text.trim(), 60);
    for (const [page, look] of found) {
      const roots = rootsOf(page);
      for (const e of query(roots, "select, input, textarea").slice(0, 500)) {
        const kind = tagOf(e) === "SELECT" ? "list" : "field";
        if (!point(e) || /^(hidden|submit|button|image|reset)$/.test(e.type)) continue;
        const name = short(called(look, e, kind));
        if (matches(e, ":user-invalid")) complaints.push([name, cut(e.validationMessage, 200)]);
        if (/^(checkbox|radio)$/.test(e.type)) continue;
        if (kind === "field") { fields.push([name, cut(e.type, 30)]); continue; }
        const options = optionsOf(e).map((each) => each.text);
        lists.push([name, options.slice(0, 12).map(short), wanted.some((w) => options.map(plain).includes(w))]);
      }
      for (const e of everywhere(page))
        if (tagOf(e).includes("-") && !shadowOf(e) && matches(e, ":defined") && look.seen(e)
            && !wordsIn(look, e, 10)) shut.push(cut(tagOf(e).toLowerCase(), 40));
    }
    return {
      lists: lists.slice(0, 12), fields: fields.slice(0, 12), complaints: complaints.slice(0, 5),
      shut: [...new Set(shut)].slice(0, 5), inner: found.length - 1, shadows: rootsOf(document).length - 1,
      frames: others.slice(0, 20).map((each) => cut(each.src, 300)),
    };
  };

  /** The options of a list that a person could choose, with their words and values. */
  const optionsOf = (list) => [...queryIn(list, "option")].slice(0, 5000)
    .filter((each) => !each.hidden && viewOf(ownerOf(list)).getComputedStyle(each).display !== "none")
    .map((option) => ({ option, text: cut((option.label || option.text).trim(), 300), value: cut(option.value, 2000) }));

  /** What stands after a field, and over the group that it is in. */
  const roundAbout = (look, e) => {
    const next = rightOf(e), said = next && kindOf(next) === 3 ? [next.data] : [];
    for (let at = look.above(e); at; at = look.above(at)) {
      if (tagOf(at) === "FIELDSET") said.push(...[...queryIn(at, "legend")].slice(0, 1).map(saidBy));
      if (/^(group|radiogroup|form|region)$/.test(attribute(at, "role")))
        said.push(attribute(at, "aria-label"), labelledBy(at));
    }
    return said;
  };

  /** A field or a list as it describes itself; `alone`: without the others of its form. */
  const described = (e, alone) => {
    const look = new Look(ownerOf(e)), kind = tagOf(e) === "SELECT" ? "list" : "field";
    const said = (name) => cut(attribute(e, name), 300), formOf = (each) => each.form || up(look, each, "form");
    const labels = [called(look, e, kind), label(e) && without(label(e)), labelledBy(e), before(look, e),
      labelledBy(e, "aria-describedby"), ...roundAbout(look, e), ...["aria-label", "placeholder", "title"].map(said)];
    const beside = alone ? [] : query(rootsOf(ownerOf(e)), `${KINDS.field}, select`)
      .filter((each) => each !== e && formOf(each) === formOf(e) && point(each)).slice(0, 100);
    return {
      tag: cut(tagOf(e).toLowerCase(), 40), type: cut(e.type ?? "", 40), name: said("name"), id: said("id"),
      autocomplete: said("autocomplete"), inputmode: cut(attribute(e, "inputmode"), 40).toLowerCase(),
      labels: [...new Set(labels.filter(Boolean))].map((each) => cut(each, 500)),
      beside: beside.map((each) => described(each, true)),
    };
  };

  /** What the list or field just found says of itself; for a list, of the option with these words. */
  const aboutHeld = (words) => {
    if (!held) return null;
    const about = { field: described(held, false), obstacle: null };
    if (words === null) {
      about.obstacle = held.readOnly ? "nothing can be typed there: press it, and what it opens" : null;
      return about;
    }
    const all = optionsOf(held), found = all.find((each) => plain(each.text) === plain(words));
    if (!found) return { ...about, others: all.slice(0, 12).map((each) => cut(each.text, 60)) };
    const option = found.option, group = closest(option, "optgroup");
    return {
      ...about, words: found.text, value: found.value, taken: option.selected,
      names: ["title", "aria-label"].map((name) => attribute(option, name)).filter(Boolean),
      address: /^(https?:)?\//.test(found.value) ? new URL(found.value, baseOf(held)).href : null,
      obstacle: option.disabled || group?.disabled ? "the option cannot be taken" : null,
    };
  };

  const tell = (e, type) => EventTarget.prototype.dispatchEvent.call(e, new Event(type, { bubbles: true, composed: true }));

  /** Take that option of the list just found; whether the list shows it then. */
  const take = (words) => {
    const found = optionsOf(held).find((each) => plain(each.text) === plain(words));
    if (!found) return false;
    held.focus({ preventScroll: true });
    held.selectedIndex = found.option.index;
    tell(held, "input");
    tell(held, "change");
    return found.option.selected;
  };

  /** Whether what is typed now goes to the field just found, in place of what stands there. */
  const ready = () => {
    let at = activeOf(ownerOf(held));
    while (at && shadowOf(at)?.activeElement) at = shadowOf(at).activeElement;
    if (at !== held) return false;
    held.select?.();
    return true;
  };
  /** Put a value into the field just found, where typing depends on the reader's language. */
  const put = (value) => {
    held.focus({ preventScroll: true });
    valueIn.set.call(held, value);
    tell(held, "input");
    tell(held, "change");
    return true;
  };
  /** What the field just found holds, whether it offers suggestions, and what the browser says. */
  const holds = () => ({
    value: cut(held.value, 300), complaint: cut(held.validationMessage, 300),
    suggests: has(held, "list") || /combobox|list|both/.test(`${attribute(held, "role")} ${attribute(held, "aria-autocomplete")}`)
      || /autocomplete|typeahead|combobox/i.test(attribute(held, "class") || ""),
  });

  /** A document, then the open shadow roots in it, which are looked for only if it is asked on. */
  const shadowsToo = function* (page) {
    yield page;
    yield* rootsOf(page).slice(1);
  };

  /** Where a link leads; one of a drawing says it in a way of its own. */
  const leadsTo = (link) => {
    if (typeof link.href === "string") return link.href;
    const said = attribute(link, "href") ?? attribute(link, "xlink:href") ?? "";
    try { return new URL(said, document.baseURI).href; } catch { return said; }
  };

  /** What lies at a point of a document, in its open shadow roots too. */
  const deepest = (page, x, y) => {
    let top = topAt(page, x, y);
    for (let shadow; top && (shadow = shadowOf(top)); ) {
      const inner = topInShadow(shadow, x, y);
      if (!inner || inner === top || !contains(shadow, inner)) break;
      top = inner;
    }
    return top;
  };
  const covering = (top) => `it is covered by <${cut(top ? tagOf(top).toLowerCase() : "nothing", 40)}>`;

  /** Where a point of what stands in a frame is in the document that the frame is in. */
  const outside = (frame, x, y) => {
    const page = ownerOf(frame), look = new Look(page, true);
    const origin = inside(frame, look, [0, 0, 1, ...ANYWHERE], movement(page, look));
    if (!origin) return { x, y, obstacle: "the frame that it stands in moves, or is turned" };
    const atX = origin[0] + x * origin[2], atY = origin[1] + y * origin[2];
    const top = deepest(page, atX, atY);
    return { x: atX, y: atY, obstacle: top === frame ? null : covering(top) };
  };

  /** Where a point is in this document's window, of a document in one of its frames. */
  const upwards = (page, x, y) => {
    let at = { x, y, obstacle: null };
    for (let own = page; own !== document && !at.obstacle; ) {
      const frame = viewOf(own)?.frameElement;
      if (!frame) return { ...at, obstacle: "the frame that it stands in is gone" };
      at = outside(frame, at.x, at.y);
      own = ownerOf(frame);
    }
    return at;
  };

  /** The same for the visible frame of another site with this number. */
  const through = (n, x, y) => {
    const frame = foreign(20)[n];
    if (!frame) return { x, y, obstacle: "the frame that it stands in is gone" };
    const at = outside(frame, x, y);
    return at.obstacle ? at : upwards(ownerOf(frame), at.x, at.y);
  };

  /** Whether a link's or a form's target is one of the page's own frames. */
  const framed = (page, target) => {
    let top = page;
    try { while (viewOf(top).frameElement) top = ownerOf(viewOf(top).frameElement); } catch { /* another's */ }
    return documents(top, 20).found.some(([each]) =>
      queryOpen(each, "iframe, frame").some((frame) => attribute(frame, "name") === target));
  };

  /** Let a press lead on in the same window, as a person may choose: a popup could not be guarded. */
  const sameWindow = (page, link, form, control) => {
    const base = queryAll(page, "base[target]")[0];
    const given = [link, form, base].map((each) => each && attribute(each, "target"));
    const windows = [...given, attribute(control, "formtarget")].filter((target) =>
      target && !/^_(self|top|parent)$/i.test(target) && !framed(page, target));
    const top = page === document && viewOf(page) === viewOf(page).top;
    for (const [n, each] of [link, form].entries()) {
      if (!each || given[n] && framed(page, given[n])) continue;
      if (top) E.setAttribute.call(each, "target", "_self");
      else if (windows.length) E.setAttribute.call(each, "target", "_top");
    }
    const own = attribute(control, "formtarget");
    if (own && !framed(page, own) && (top || !/^_(self|top|parent)$/i.test(own)))
      E.removeAttribute.call(control, "formtarget");
    return { windows: windows.length > 0, framed: page !== document || [...given, own].some((target) => target && framed(page, target)) };
  };

  /** Why what lies at the middle of a control is not to be pressed, by what it is. */
  const unfit = (look, found, top, link, kind, named) => {
    if (kind !== "button" && (link || named && !matches(found, KINDS[kind])))
      return link ? "a link lies there" : `it is no ${kind} but <${cut(tagOf(found).toLowerCase(), 40)}>`;
    if (FRAMES.has(tagOf(top))) return "a frame lies there; name what stands in it";
    if (tagOf(top).includes("-") && !shadowOf(top) && matches(top, ":defined") && !wordsIn(look, top, 10))
      return `what <${cut(tagOf(top).toLowerCase(), 40)}> holds cannot be read, so it is not pressed`;
    return null;
  };

  /** A control brought into view: where to press it, what it says, what is in the way. */
  const aimed = (found, aim, words, kind, named) => {
    intoView(aim, { block: "center", inline: "center", behavior: "instant" });
    const page = ownerOf(aim), look = new Look(page), box = boxOf(aim);
    const y = box.y + box.height / 2, middle = box.x + box.width / 2;
    // in the middle of a box's label there may be a link; a person presses beside it
    const x = kind === "button" || !up(look, deepest(page, middle, y) ?? found, "a, area") ? middle
      : box.x + Math.min(10, box.width / 4);
    const top = deepest(page, x, y), own = label(found);
    const hit = top && (look.holds(aim, top) || own && look.holds(own, top));
    const at = hit ? upwards(page, x, y) : { x, y, obstacle: covering(top) };
    // the press goes to what lies there: a link in a box, a button in an element of its own
    const pressed = hit ? top : found;
    const control = kind === "button" ? up(look, pressed, KINDS.button) ?? found : found;
    const link = up(look, pressed, "a, area");
    const form = control.form || up(look, control, "form");
    return {
      ...sameWindow(page, link, form, control),
      x: at.x, y: at.y, words: cut(words, 500),
      names: kind === "button" ? [...new Set([found, control, link].filter(Boolean)
        .flatMap((each) => names(look, each)))].slice(0, 30).map((each) => cut(each, 5000)) : [],
      address: link ? cut(leadsTo(link), 2000) : has(control, "formaction") ? cut(control.formAction, 2000) : null,
      checked: Boolean(found.checked) || attribute(found, "aria-checked") === "true",
      obstacle: found.disabled ? "it is disabled"
        : at.obstacle ?? unfit(look, found, top, link, kind, named),
    };
  };

  /**
   * The way to a calendar's next week, one that is open first; `framed`: it stands in a frame. If
   * there is none, how many frames of other sites there are, to be asked whether it is `theirs`.
   */
  const onward = (selector, markup, pattern, shutClass, theirs) => {
    const named = new RegExp(`^(?:${pattern})$`, "u"), shutBy = new RegExp(shutClass, "iu");
    const bare = (name) => plain(name).replace(/^[^\p{L}\d]+|[^\p{L}\d]+$/gu, "");
    const said = (e) => [saidBy(e), e.value, attribute(e, "aria-label"), attribute(e, "title"),
      attribute(e, "alt")].filter((name) => typeof name === "string");
    const shut = (e) => e.disabled || has(e, "disabled") || attribute(e, "aria-disabled") === "true"
      || shutBy.test(attribute(e, "class") || "");
    const there = ([page, look]) => query(rootsOf(page), selector).slice(0, 2000).filter((e) =>
      (E.matches.call(e, markup) || said(e).some((name) => named.test(bare(name)))) && look.seen(e));
    const { found: [own, ...frames], foreign: others } = documents(document, 20);
    const all = there(own), found = all.find((e) => !shut(e)) ?? all[0];
    if (frames.some((each) => !found && there(each).length) || found && theirs) return { framed: true };
    if (!found) return { foreign: Math.min(others.length, 20) };
    const form = found.form || up(own[1], found, "form");
    const sends = form && /^(submit|image)$/.test(found.type || "");
    const method = attribute(found, "formmethod") ?? (form && attribute(form, "method"));
    const words = said(found).find((name) => name.trim()) ?? "";
    return {
      ...aimed(found, found, words, "button", false), shut: shut(found),
      posts: Boolean(sends) && /^post$/i.test(method || ""),
    };
  };

  const html = (limit) => {
    const type = typeOf(document), root = rootOf(document);
    const whole = (type ? new XMLSerializer().serializeToString(type) : "") + (root ? htmlOf(root) : "");
    return [cut(whole, limit), whole.length > limit];
  };

  return Object.freeze({
    read, outline, attributes, texts, find, through, around, onward,
    aboutHeld, take, ready, put, holds, html, hiddenInside, places, foreign, restless,
    ended: () => [...finished], lateScripts: () => lateScripts,
  });
})();
