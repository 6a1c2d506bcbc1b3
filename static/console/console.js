/* The console without a mouse. Everything here is comfort: each page works without it. */
(function () {
  "use strict";
  var root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
  root.classList.add("js");
  function paint() {
    var chosen = root.dataset.theme;
    root.classList.toggle("dark", chosen === "dark" || (chosen === "auto" && dark.matches));
  }
  paint();
  dark.addEventListener("change", paint);

  function one(selector, from) { return (from || document).querySelector(selector); }
  function all(selector, from) { return Array.from((from || document).querySelectorAll(selector)); }
  function typing(target) { return target.closest && target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]"); }
  function make(tag, attributes, text) {
    var made = document.createElement(tag);
    Object.keys(attributes).forEach(function (name) { made.setAttribute(name, attributes[name]); });
    if (text) made.textContent = text;
    return made;
  }
  function show(dialog) { if (dialog && !dialog.open) dialog.showModal(); }

  /* --- find anything --- */
  var asked = 0, waiting;
  function command() { return one("#ch-command"); }
  function openCommand(text) {
    var dialog = command();
    if (!dialog) return;
    show(dialog);
    var input = one("#ch-q");
    input.value = text || "";
    input.focus();
    find(input.value);
  }
  function pages(text) {
    var wanted = text.toLowerCase();
    return all(".ch-nav a").filter(function (link) { return one("span:not(.ch-icon)", link).textContent.toLowerCase().includes(wanted); })
      .slice(0, 6).map(function (link) { return { text: one("span:not(.ch-icon)", link).textContent, note: "", url: link.getAttribute("href"), icon: one(".ch-icon", link).textContent }; });
  }
  function list(groups) {
    var box = one("#ch-hits"), count = 0;
    box.replaceChildren();
    groups.forEach(function (group) {
      if (!group.hits.length) return;
      box.append(make("li", { role: "presentation" }, group.kind));
      group.hits.forEach(function (hit) {
        var item = make("li", { role: "option", id: "ch-hit-" + count++, "aria-selected": "false", "data-url": hit.url });
        item.append(make("span", { "class": "ch-icon", "aria-hidden": "true" }, hit.icon), make("b", {}, hit.text), make("span", {}, hit.note));
        box.append(item);
      });
    });
    one("#ch-q").setAttribute("aria-expanded", String(count > 0));
    select(0);
    return count;
  }
  function select(index) {
    var items = all("#ch-hits [role=option]"), input = one("#ch-q");
    items.forEach(function (item, at) { item.setAttribute("aria-selected", String(at === index)); });
    if (items[index]) { input.setAttribute("aria-activedescendant", items[index].id); items[index].scrollIntoView({ block: "nearest" }); } else input.removeAttribute("aria-activedescendant");
  }
  function selected() { return all("#ch-hits [role=option]").findIndex(function (item) { return item.getAttribute("aria-selected") === "true"; }); }
  function find(text) {
    var note = one(".ch-command-note"), mine = ++asked, own = [{ kind: "Pages", hits: pages(text.trim()) }];
    clearTimeout(waiting);
    list(own);
    note.textContent = text.trim().length < 2 ? note.dataset.empty : "Looking …";
    if (text.trim().length < 2) return;
    waiting = setTimeout(function () {
      fetch(command().dataset.url + "?q=" + encodeURIComponent(text), { headers: { Accept: "application/json" }, credentials: "same-origin" })
        .then(function (answer) { if (!answer.ok) throw new Error(answer.status); return answer.json(); })
        .then(function (body) {
          if (mine !== asked) return;
          var count = list(body.results.concat(own));
          note.textContent = count ? count + " found. Arrow keys choose, Enter opens." : "Nothing starts with that. Look-ups take a whole reference or its beginning.";
        })
        .catch(function () { if (mine === asked) note.textContent = "The search did not answer. Reload the page and try again."; });
    }, 140);
  }

  /* --- rows of lists and queues --- */
  function rows() { return all("tr[data-ch-row]").filter(function (row) { return !row.hidden; }); }
  function move(step) {
    var found = rows(), at = found.indexOf(document.activeElement.closest("tr[data-ch-row]"));
    var next = found[Math.max(0, Math.min(found.length - 1, at + step))];
    if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
  }
  function fold(row, open) {
    var level = +row.ariaLevel;
    if (row.ariaExpanded === null || (row.ariaExpanded === "true") === open) return false;
    row.ariaExpanded = String(open);
    for (var next = row.nextElementSibling, shut = open ? Infinity : level; next && +next.ariaLevel > level; next = next.nextElementSibling) {
      if (+next.ariaLevel <= shut) shut = Infinity;
      next.hidden = !open || +next.ariaLevel > shut;
      if (!next.hidden && next.ariaExpanded === "false") shut = +next.ariaLevel;
    }
    return true;
  }
  function above(row) {
    for (var level = +row.ariaLevel; row && +row.ariaLevel >= level; row = row.previousElementSibling);
    if (row) row.focus();
  }
  function press(key) {
    var row = document.activeElement.closest("tr[data-ch-row]");
    var named = '[data-key="' + key + '"]', button = one(named, row || document) || one("input" + named);
    if (!button || (!row && button.closest("tr[data-ch-row]"))) return false;
    if (button.matches("summary")) { button.parentElement.open = true; one("textarea", button.parentElement).focus(); return true; }
    if (button.matches("input")) { button.focus(); button.select(); return true; }
    var typed = button.form && one("textarea", button.form);
    if (typed && !typed.value.trim()) { typed.focus(); return true; }
    button.click();
    return true;
  }

  var lastKey = "";
  function onKey(event) {
    var key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && key === "k") { event.preventDefault(); openCommand(""); return; }
    if (event.target.id === "ch-q") { inCommand(event); return; }
    if (key === "escape") { closeMenus(null); document.body.classList.remove("ch-nav-open"); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || one("dialog[open]")) return;
    var handled = true;
    if (key === "?") show(one("#ch-keys"));
    else if (key === "j" || key === "k") { if (rows().length) move(key === "j" ? 1 : -1); else handled = press(key); }
    else if (key.startsWith("arrow") && event.target.matches("tr[data-ch-tree]")) {
      if (key === "arrowdown" || key === "arrowup") move(key === "arrowdown" ? 1 : -1);
      else if (!fold(event.target, key === "arrowright") && key === "arrowleft") above(event.target);
    }
    else if (key === "enter") { var link = event.target.matches("tr[data-ch-row]") && one(".ch-rowlink", event.target); handled = !!link; if (link) link.click(); }
    else if (key === "h" && lastKey === "g") one(".ch-brand").click();
    else if (key === "c" && one("[data-ch-copy]")) copy(one("[data-ch-copy]"));
    else handled = key.length === 1 && press(key);
    lastKey = key;
    if (handled) event.preventDefault();
  }
  function inCommand(event) {
    var at = selected(), items = all("#ch-hits [role=option]");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); select((at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length); }
    if (event.key === "Enter" && items[at]) { event.preventDefault(); location.assign(items[at].dataset.url); }
  }
  function copy(button) {
    navigator.clipboard.writeText(button.dataset.chCopy).then(function () {
      one(".ch-icon", button).textContent = "check";
      setTimeout(function () { one(".ch-icon", button).textContent = "content_copy"; }, 1500);
    }, function () {});
  }
  function closeMenus(except) { all("details.ch-pop[open], details.ch-me[open]").forEach(function (menu) { if (menu !== except) menu.open = false; }); }

  function onClick(event) {
    var target = event.target, hit = target.closest("#ch-hits [role=option]"), row = target.closest("tr.ch-open");
    if (hit) location.assign(hit.dataset.url);
    else if (target.closest("[data-ch-close]") || target.matches("dialog[open]")) target.closest("dialog").close();
    else if (target.closest("[data-ch-keys]")) { closeMenus(null); show(one("#ch-keys")); }
    else if (target.closest(".ch-find")) { event.preventDefault(); openCommand(""); }
    else if (target.closest("[data-ch-copy]")) copy(target.closest("[data-ch-copy]"));
    else if (target.closest("[data-ch-open-nav]")) nav(!document.body.classList.contains("ch-nav-open"));
    else if (target.closest(".ch-fold .ch-icon")) fold(row, row.ariaExpanded === "false");
    else if (row && !target.closest("a, button, input, textarea, summary, label, details") && !getSelection().toString()) one(".ch-rowlink", row).click();
    closeMenus(target.closest("details"));
    if (!target.closest(".ch-side, [data-ch-open-nav]")) nav(false);
  }
  function nav(open) {
    var button = one("[data-ch-open-nav]");
    if (!button || document.body.classList.contains("ch-nav-open") === open) return;
    document.body.classList.toggle("ch-nav-open", open);
    button.setAttribute("aria-expanded", String(open));
    if (open) one(".ch-nav a").focus();
  }

  var confirmed = null;
  function onSubmit(event) {
    var form = event.target, question = form.dataset.chConfirm;
    if (!question || confirmed === form) return;
    event.preventDefault();
    one("#ch-confirm-text").textContent = question;
    var go = one("[data-ch-confirmed]"), button = event.submitter;
    if (button) go.textContent = (button.firstChild && button.firstChild.nodeType === 3 ? button.firstChild.textContent : button.textContent.replace(/^[a-z_]+(?=[A-Z])/, "")).trim();
    go.onclick = function () { confirmed = form; one("#ch-confirm").close(); form.requestSubmit(button); };
    show(one("#ch-confirm"));
    go.focus();
  }
  function onInput(event) {
    if (event.target.id === "ch-q") { find(event.target.value); return; }
    if (event.target.matches("[data-ch-command]")) { var begun = event.target.value; event.target.value = ""; openCommand(begun); return; }
    if (!event.target.matches("[data-ch-filter]")) return;
    var wanted = event.target.value.toLowerCase();
    all("tbody tr", event.target.closest(".ch-card")).forEach(function (row) { row.hidden = !!wanted && !row.textContent.toLowerCase().includes(wanted); });
  }
  function onTheme(event) {
    event.preventDefault();
    var next = root.classList.contains("dark") ? "light" : "dark";
    root.dataset.theme = next;
    document.cookie = "ch_theme=" + next + "; path=/; max-age=31536000; samesite=lax" + (location.protocol === "https:" ? "; secure" : "");
    paint();
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.addEventListener("keydown", onKey);
    document.addEventListener("click", onClick);
    document.addEventListener("submit", onSubmit);
    document.addEventListener("input", onInput);
    all("[data-ch-theme]").forEach(function (button) { button.addEventListener("click", onTheme); });
    var active = one(".ch-nav [aria-current]");
    if (active) active.scrollIntoView({ block: "nearest" });
    if (/Mac|iPhone|iPad/.test(navigator.platform)) all("[data-ch-shortcut]").forEach(function (key) { key.textContent = "⌘ K"; });
  });
})();
