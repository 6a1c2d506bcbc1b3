/* The grid of a manual journal: lines are added, totals follow what is typed. Comfort only: the
   server checks everything, and the form works without this. */
(function () {
  "use strict";
  var form = document.querySelector("[data-ch-journal]"), body = form.querySelector("tbody");
  var accounts = {};
  form.querySelectorAll("#ch-accounts option").forEach(function (option) { accounts[option.value] = option.dataset; });

  function cell(row, name) { return row.querySelector("[name=" + name + "]"); }
  /* An amount as a BigInt of ten-thousandths of a millionth, or null: no floating point, so no rounding. */
  var PLACES = 10;
  function units(text) {
    var found = /^(\d+)(?:\.(\d{1,10}))?$/.exec(text.replace(/[ ,]/g, ""));
    return found ? BigInt(found[1] + (found[2] || "").padEnd(PLACES, "0")) : null;
  }
  function written(value) {
    var text = value.toString().padStart(PLACES + 1, "0"), whole = text.slice(0, -PLACES), rest = text.slice(-PLACES).replace(/0+$/, "");
    return whole.replace(/\B(?=(\d{3})+$)/g, ",") + "." + rest.padEnd(2, "0");
  }
  function total() {
    var sums = {};
    body.querySelectorAll("tr").forEach(function (row) {
      var known = accounts[cell(row, "account").value.trim()], said = row.querySelector("[data-ch-said]");
      if (!said.classList.contains("ch-error")) said.textContent = known ? known.name + ", " + known.currency : "";
      if (!known) return;
      var sum = sums[known.currency] = sums[known.currency] || { debit: 0n, credit: 0n };
      ["debit", "credit"].forEach(function (side) { sum[side] += units(cell(row, side).value.trim()) || 0n; });
    });
    var out = form.querySelector("[data-ch-totals]");
    out.replaceChildren();
    Object.keys(sums).sort().forEach(function (currency) {
      var sum = sums[currency], over = sum.debit - sum.credit, pill = document.createElement("span");
      pill.className = "ch-pill " + (over === 0n ? "ch-good" : "ch-warn");
      pill.textContent = currency + " " + written(sum.debit) + (over === 0n ? " on both sides" : " debit, " + written(sum.credit) + " credit: " + written(over < 0n ? -over : over) + (over < 0n ? " debit" : " credit") + " missing");
      out.append(pill, " ");
    });
  }
  function add() {
    var row = body.rows[0].cloneNode(true), number = body.rows.length + 1;
    row.className = "";
    row.querySelectorAll("input").forEach(function (input) {
      input.value = "";
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
      input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+$/, number));
    });
    var said = row.querySelector("[data-ch-said]");
    said.id = "line-" + number;
    said.className = "ch-quiet";
    said.textContent = "";
    body.append(row);
    return row;
  }
  form.querySelector("[data-ch-add-line]").hidden = false;
  form.addEventListener("click", function (event) {
    if (event.target.closest("[data-ch-add-line]")) cell(add(), "account").focus();
  });
  form.addEventListener("input", total);
  body.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    var row = event.target.closest("tr");
    cell(row.nextElementSibling || add(), "account").focus();
  });
  total();
})();
