"""Every address of the web interface. What stands behind a merchant's slug is for those who work for that merchant."""

from django.urls import include, path

from orderhaven.web import (
    connections,
    entrance,
    links,
    me,
    members,
    nudges,
    order,
    orders,
    overview,
    programs,
)

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
    path("connections/<str:name>/act", connections.act, name="connection_act"),
    path("links", links.page, name="links"),
    path("links/new", links.new, name="new_link"),
    path("links/<str:marketplace>", links.one, name="link"),
    path("links/<str:marketplace>/act", links.act, name="link_act"),
    path("people", members.page, name="people"),
    path("people/act", members.act, name="people_act"),
    path("audit", members.audit, name="audit"),
    path("programs", programs.page, name="programs"),
    path("programs/act", programs.act, name="programs_act"),
]

urlpatterns = [
    path("", entrance.home, name="home"),
    path("welcome", entrance.welcome, name="welcome"),
    path("login", entrance.log_in, name="login"),
    path("second-factor", entrance.second_factor, name="second_factor"),
    path("logout", entrance.log_out, name="logout"),
    path("invitation/<str:secret>", entrance.invitation, name="invitation"),
    path("language", entrance.language, name="language"),
    path("theme", entrance.theme, name="theme"),
    path("me", me.page, name="me"),
    path("me/act", me.act, name="me_act"),
    path("me/second-factor", me.second_factor, name="my_second_factor"),
    path("robots.txt", entrance.robots),
    path("hooks/<str:nudge_key>", nudges.nudge, name="nudge"),
    path("api/v1/", include("orderhaven.api.urls")),
    path("<slug:slug>/", include(_OF_A_MERCHANT)),
]
