// What the pages do beyond what the browser does by itself: ticking, keys, copying, asking before what cannot be undone,
// and leaving a page alone while somebody works in it. Everything also works without this file.
(function () {
  "use strict";
  const one = (selector, within) => (within || document).querySelector(selector);
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const SCROLLS = ".tabs, .scroll, .chart-box";

  // ---- in a narrow window: the page one is on stands in its menu, and the latest hours in their picture

  all("nav [aria-current]").forEach((link) => { const row = link.closest("nav"); row.scrollLeft = link.offsetLeft - row.offsetLeft - (row.clientWidth - link.offsetWidth) / 2; });
  all(".chart-box.latest").forEach((box) => { box.scrollLeft = box.scrollWidth; });

  // ---- from an order back to the list that one came from, with its filters

  const list = document.getElementById("filters"), back = one("a[data-list]");
  if (list) sessionStorage.setItem("list", window.location.pathname + window.location.search);
  const left = sessionStorage.getItem("list") || "";
  if (back && left.split("?")[0] === back.pathname) back.href = left;

  // ---- the part of a page that updates itself

  function isBeingWorkedIn(live) {
    const active = document.activeElement;
    const isFilling = live.contains(active) && active.matches("input:not([type=checkbox]), select, textarea");
    const marked = window.getSelection();
    const isMarking = marked && !marked.isCollapsed && live.contains(marked.anchorNode);
    return document.hidden || isFilling || isMarking || one("input[name=order]:checked", live) || one("details[open] input", live);
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.id === "live" && isBeingWorkedIn(event.target)) event.preventDefault();
  });
  let kept = null; // where the keyboard was, and which parts were open, before the page was drawn anew
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id !== "live") return;
    if (isBeingWorkedIn(event.target)) { event.detail.shouldSwap = false; return; } // begun while the answer was on its way
    const row = one(".orders tr.here");
    kept = {
      here: row ? addressOf(row) : null,
      link: event.target.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null,
      open: all("details", event.target).map((part) => part.open),
      scrolled: all(SCROLLS, event.target).map((part) => [part.scrollLeft, part.scrollTop]),
    };
  });
  document.addEventListener("htmx:afterSwap", () => {
    if (!kept) return;
    const live = document.getElementById("live");
    all("details", live).forEach((part, index) => { part.open = kept.open[index] || false; });
    all(SCROLLS, live).forEach((part, index) => { part.scrollTo(...(kept.scrolled[index] || [0, 0])); });
    if (kept.here) stand(all(".orders tbody tr").findIndex((row) => addressOf(row) === kept.here), false);
    if (kept.link) { const link = all("a", live).find((a) => a.getAttribute("href") === kept.link); if (link) link.focus(); }
    kept = null;
    count();
  });
  const isOutOfTouch = (is) => { document.getElementById("out-of-touch").hidden = !is; document.getElementById("live").classList.toggle("fails", is); };
  const fails = (event) => { if (event.target.id === "live") isOutOfTouch(true); };
  document.addEventListener("htmx:sendError", fails);
  document.addEventListener("htmx:responseError", fails);
  document.addEventListener("htmx:afterOnLoad", (event) => { if (event.detail.xhr.status < 400 && document.getElementById("live")) isOutOfTouch(false); });

  // ---- ticking

  function count() {
    const bar = one(".bulk");
    if (!bar) return;
    const ticked = all("input[name=order]:checked").length;
    bar.hidden = ticked === 0;
    one(".ticked", bar).textContent = String(ticked);
  }
  document.addEventListener("change", (event) => {
    if (event.target.matches(".tick .all")) all("input[name=order]").forEach((box) => { box.checked = event.target.checked; });
    if (event.target.closest(".tick")) count();
    if (event.target.closest(".filter-row")) event.target.form.requestSubmit();
  });

  // ---- asking first, copying, dialogs

  document.addEventListener("submit", (event) => {
    const asks = (event.submitter && event.submitter.dataset.confirm) || event.target.dataset.confirm;
    if (asks && !window.confirm(asks)) { event.preventDefault(); return; }
    if (event.target.method === "get") all("input, select", event.target).forEach((field) => { field.disabled = !field.value; });
  });
  document.addEventListener("click", (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).textContent).then(() => { copy.textContent = "✓"; });
    const opener = event.target.closest("[data-open]");
    if (opener) document.getElementById(opener.dataset.open).showModal();
    all("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
  window.addEventListener("pageshow", () => { all("form[method=get] :disabled").forEach((field) => { field.disabled = false; }); count(); });

  // ---- keys

  const addressOf = (row) => one(".ref a", row).getAttribute("href");
  function stand(index, focuses) {
    const rows = all(".orders tbody tr");
    if (!rows.length || (index < 0 && !focuses)) return;
    const at = Math.max(0, Math.min(index, rows.length - 1));
    rows.forEach((row, number) => row.classList.toggle("here", number === at));
    if (focuses) { const link = one(".ref a", rows[at]); link.focus(); rows[at].scrollIntoView({ block: "nearest" }); }
  }
  const here = () => all(".orders tbody tr").findIndex((row) => row.classList.contains("here"));
  const places = { o: "orders", v: "overview", c: "connections", l: "links" };
  let isGoing = false;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { all("details.menu[open]").forEach((menu) => { menu.open = false; }); if (document.activeElement) document.activeElement.blur(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), select, textarea, dialog")) return;
    if (isGoing) {
      isGoing = false;
      const slug = document.body.dataset.slug;
      if (slug && places[event.key]) { event.preventDefault(); window.location.assign("/" + slug + "/" + places[event.key]); }
      return;
    }
    const row = all(".orders tbody tr")[here()];
    switch (event.key) {
      case "j": stand(here() + 1, true); break;
      case "k": stand(here() - 1, true); break;
      case "x": { const box = row && one("input[name=order]", row); if (box) { box.checked = !box.checked; count(); } break; }
      case "/": { const search = document.getElementById("search"); if (search) { event.preventDefault(); search.focus(); search.select(); } break; }
      case "g": isGoing = true; break;
      case "?": document.getElementById("keys").showModal(); break;
      case "u": { if (back) back.click(); break; }
      case "n": { const next = one("a[rel=next]"); if (next) next.click(); break; }
    }
  });
})();
