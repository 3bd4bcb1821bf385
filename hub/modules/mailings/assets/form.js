// The form of a mailing: a template fills the text in; filters of clients are there for clients only.

const form = document.querySelector(".mailings-form");
const template = form?.querySelector("[data-template]");
const text = form?.querySelector("#field-text");
const clients = form?.querySelector("[data-clients]");

template?.addEventListener("change", () => {
  if (template.value) {
    text.value = template.value;
    text.focus();
  }
});

function show() {
  const isList = form.querySelector("input[name=kind]:checked")?.value === "list";
  clients.hidden = isList;
}

if (form && clients) {
  form.addEventListener("change", show);
  show();
}
