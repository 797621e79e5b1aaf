/* Reports pages, products, carts and searches to the shop's own Assent. No cookies, no storage, no third parties. */
(function () {
  "use strict";
  var script = document.currentScript;
  var key = script && script.getAttribute("data-key");
  if (!key || !window.fetch) return;
  var url = new URL("/site/events", script.src).href;
  var early = (window.assent && window.assent.q) || [];
  var kinds = { page: 1, product: 1, cart: 1, search: 1 };
  var identity = null, waiting = [], timer = 0;

  function send() {
    clearTimeout(timer);
    timer = 0;
    while (waiting.length) {
      var report = { key: key, events: waiting.splice(0, 20) };
      if (identity) report.identity = identity;
      // Plain text without credentials: no preflight, and no cookie goes along.
      fetch(url, {
        method: "POST",
        body: JSON.stringify(report),
        credentials: "omit",
        keepalive: true,
        headers: { "Content-Type": "text/plain" }
      }).catch(function () {});
    }
  }

  // What may name a person in an address (its query and fragment) stays in the browser.
  function bare(address) {
    return String(address || "").split(/[?#]/)[0].slice(0, 500);
  }

  function plain(given) {
    var data = {};
    Object.keys(given || {}).slice(0, 20).forEach(function (name) {
      var value = given[name];
      if (!/^[a-z][a-z0-9_]{0,39}$/.test(name)) return;
      if (typeof value === "string") data[name] = value.slice(0, 500);
      else if (typeof value === "boolean" || value === null) data[name] = value;
      else if (typeof value === "number" && isFinite(value) && Math.abs(value) <= 9e15) data[name] = value;
    });
    return data;
  }

  function assent(kind, given) {
    if (kind === "identify") {
      // What was reported a moment ago on this page is of whoever is named now; of somebody named before, it is theirs.
      if (identity && waiting.length) send();
      identity = typeof given === "string" && given.length <= 2000 ? given : null;
      return;
    }
    if (!kinds[kind]) return;
    var data = kind === "page"
      ? { url: bare(location.href), title: document.title.slice(0, 500), referrer: bare(document.referrer) }
      : plain(given);
    waiting.push({ kind: kind, data: data });
    if (waiting.length >= 20) send();
    else if (!timer) timer = setTimeout(send, 300);
  }

  window.assent = assent;
  addEventListener("pagehide", send);
  for (var i = 0; i < early.length; i++) assent(early[i][0], early[i][1]);
})();
