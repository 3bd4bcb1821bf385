// The desk's list of calls that can be heard: while it is open each call keeps its digit, and the digit of one
// that has ended stays free. Else a digit pressed just after a refresh would mean another call.

const numbers = new Map();

function number() {
  const menu = document.getElementById("dial-hearing");
  if (!menu?.open) numbers.clear();
  for (const row of menu?.querySelectorAll("li") ?? []) {
    if (!numbers.has(row.id)) numbers.set(row.id, Math.max(0, ...numbers.values()) + 1);
    const own = numbers.get(row.id);
    const sign = row.querySelector("kbd");
    sign.textContent = own;
    sign.hidden = own > 9;
    for (const button of row.querySelectorAll("[data-key]")) button.dataset.key = `${button.value}-${own}`;
  }
}

document.addEventListener("pitline:put", number);
