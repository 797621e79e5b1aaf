"""The catalogue: its list, one product with who buys it, and the form to add or change one."""

from __future__ import annotations

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.commerce import buyers, orders, products
from app.commerce.forms import ProductForm
from app.commerce.models import Product
from app.commerce.views.blueprint import bp
from app.kernel import ids
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, shell

PAGE = 50


@bp.get("/products")
@guard.role("viewer")
def list_products() -> ResponseReturnValue:
    """Show the products, narrowed by words `q` or a `category`; `after` is where an older page begins."""
    words, category = request.args.get("q", "").strip()[:200], request.args.get("category", "")[:500]
    after = request.args.get("after", 0, type=ids.read)
    with services().database.transaction(g.workspace.id) as session:
        listed = products.list_page(
            session, g.workspace.id, words=words, category=category, after=after, limit=PAGE
        )
        categories = products.categories(session, g.workspace.id)
    more = None
    if len(listed) == PAGE:
        last = listed[-1].product.id
        more = url_for("commerce.list_products", after=last, q=words or None, category=category or None)
    values = {"listed": listed, "categories": categories, "words": words, "category": category, "more": more}
    return shell.page("commerce/products.html", **values)


@bp.get("/products/<int:product_id>")
@guard.role("viewer")
def show_product(product_id: int) -> ResponseReturnValue:
    """Show one product: what is known of it, and what it brings."""
    with services().database.transaction(g.workspace.id) as session:
        product = products.get(session, g.workspace.id, product_id)
        values = {
            "product": product,
            "sold": buyers.totals(session, g.workspace.id, product_id),
            "latest": buyers.latest(session, g.workspace.id, product_id),
            "together": buyers.bought_together(session, g.workspace.id, product_id),
            "currency": orders.usual_currency(session, g.workspace.id),
        }
    return shell.page("commerce/product.html", **values)


@bp.get("/products/new")
@guard.role("marketer")
def new_product() -> ResponseReturnValue:
    """Show the form for a new product."""
    return shell.page("commerce/edit_product.html", form=ProductForm(formdata=None), product=None)


@bp.post("/products/new")
@guard.role("marketer")
def add_product() -> ResponseReturnValue:
    """Add a product."""
    form = ProductForm()
    try:
        if form.validate():
            return shell.back(_page(_added(form)), _("Product saved."))
    except Refusal as refusal:
        form.refuse(refusal)
    return shell.page("commerce/edit_product.html", form=form, product=None), 422


@bp.get("/products/<int:product_id>/edit")
@guard.role("marketer")
def edit_product(product_id: int) -> ResponseReturnValue:
    """Show the form with what is known."""
    with services().database.transaction(g.workspace.id) as session:
        product = products.get(session, g.workspace.id, product_id)
    form = _form_of(product)
    form.show()
    return shell.page("commerce/edit_product.html", form=form, product=product)


@bp.post("/products/<int:product_id>/edit")
@guard.role("marketer")
def change_product(product_id: int) -> ResponseReturnValue:
    """Keep what was changed; what its author left alone stays as it is on record."""
    form = ProductForm()
    try:
        if form.validate():
            with services().database.transaction(g.workspace.id) as session:
                product = products.hold(session, g.workspace.id, product_id)
                form.rebase(_form_of(product))
                products.rewrite(session, product, form.change(), now=services().clock.now())
            return shell.back(_page(product_id), _("Product saved."))
    except Refusal as refusal:
        form.refuse(refusal)
    with services().database.transaction(g.workspace.id) as session:
        product = products.get(session, g.workspace.id, product_id)
    return shell.page("commerce/edit_product.html", form=form, product=product), 422


def _form_of(product: Product) -> ProductForm:
    attributes = "\n".join(f"{name}: {value}" for name, value in product.attributes.items())
    return ProductForm(formdata=None, obj=product, data={"attributes_text": attributes})


def _added(form: ProductForm) -> int:
    with services().database.transaction(g.workspace.id) as session:
        made: Product = products.add(session, g.workspace.id, form.change(), now=services().clock.now())
        return made.id


def _page(product_id: int) -> str:
    return url_for("commerce.show_product", product_id=product_id)
