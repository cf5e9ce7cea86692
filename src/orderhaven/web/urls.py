"""Every address of the web interface. What stands behind a merchant's slug is for those who work for that merchant."""

from django.urls import include, path

from orderhaven.web import api_clients, connections, links, login, me, members, nudges, order, orders, overview

handler400 = "orderhaven.web.errors.bad_request"
handler403 = "orderhaven.web.errors.forbidden"
handler404 = "orderhaven.web.errors.not_found"
handler500 = "orderhaven.web.errors.broken"

_OF_A_MERCHANT = [
    path("orders", orders.page, name="orders"),
    path("orders.csv", orders.export, name="export"),
    path("orders/bulk", orders.bulk, name="bulk"),
    path("orders/<str:marketplace>/<path:ref>", order.page, name="order"),
    path("overview", overview.page, name="overview"),
    path("connections", connections.page, name="connections"),
    path("connections/new/<str:connector>", connections.new, name="new_connection"),
    path("connections/<str:name>", connections.one, name="connection"),
    path("connections/<str:name>/actions", connections.act, name="connection_actions"),
    path("links", links.page, name="links"),
    path("links/new", links.new, name="new_link"),
    path("links/<str:marketplace>", links.one, name="link"),
    path("links/<str:marketplace>/actions", links.act, name="link_actions"),
    path("users", members.page, name="users"),
    path("users/actions", members.act, name="users_actions"),
    path("audit", members.audit, name="audit"),
    path("api-clients", api_clients.page, name="api_clients"),
    path("api-clients/actions", api_clients.act, name="api_clients_actions"),
]

urlpatterns = [
    path("", login.home, name="home"),
    path("welcome", login.welcome, name="welcome"),
    path("login", login.log_in, name="login"),
    path("second-factor", login.second_factor, name="second_factor"),
    path("logout", login.log_out, name="logout"),
    path("invitation/<str:secret>", login.invitation, name="invitation"),
    path("language", login.language, name="language"),
    path("theme", login.theme, name="theme"),
    path("me", me.page, name="me"),
    path("me/actions", me.act, name="me_actions"),
    path("me/second-factor", me.second_factor, name="my_second_factor"),
    path("robots.txt", login.robots),
    path("hooks/<str:nudge_key>", nudges.nudge, name="nudge"),
    path("api/v1/", include("orderhaven.api.urls")),
    path("<slug:slug>/", include(_OF_A_MERCHANT)),
]
