// What of the shop's calls this browser's desk looks at: one shop or all, mine or everybody's.

const SHOP = "pitline.desk.shop";
const MINE = "pitline.desk.mine";

const shop = document.getElementById("desk-shop");
const mine = document.getElementById("desk-mine");

const isMine = () => Boolean(mine) && localStorage.getItem(MINE) === "yes";

export function add(query) {
  if (shop?.value) query.set("shop", shop.value);
  if (isMine()) query.set("mine", "yes");
}

export function start(changed) {
  const kept = localStorage.getItem(SHOP);
  if (shop && [...shop.options].some((option) => option.value === kept)) shop.value = kept;
  const show = () => {
    mine?.setAttribute("aria-pressed", String(isMine()));
    mine?.classList.toggle("active", isMine());
  };
  shop?.addEventListener("change", () => {
    localStorage.setItem(SHOP, shop.value);
    changed();
  });
  mine?.addEventListener("click", () => {
    localStorage.setItem(MINE, isMine() ? "no" : "yes");
    show();
    changed();
  });
  show();
}
