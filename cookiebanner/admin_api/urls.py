"""The addresses of version 1. All but two belong to the site of the token."""

from django.urls import URLPattern, include, path

from cookiebanner.admin_api import banner, catalogue, people, records, releases, sites, webhooks

app_name = "admin_api"

of_a_site: list[URLPattern] = [
    path("hosts", sites.HostsView.as_view(), name="hosts"),
    path("kill", sites.KillView.as_view(), name="kill"),
    path("revive", sites.ReviveView.as_view(), name="revive"),
    path("categories", catalogue.CategoriesView.as_view(), name="categories"),
    path("categories/<str:key>", catalogue.CategoryView.as_view(), name="category"),
    path("purposes", catalogue.PurposesView.as_view(), name="purposes"),
    path("purposes/<str:key>", catalogue.PurposeView.as_view(), name="purpose"),
    path("services", catalogue.ServicesView.as_view(), name="services"),
    path("services/<str:key>", catalogue.ServiceView.as_view(), name="service"),
    path("services/<str:key>/rules/<str:regime>", catalogue.RuleView.as_view(), name="rule"),
    path("cookies", catalogue.CookiesView.as_view(), name="cookies"),
    path("rules", catalogue.RulesView.as_view(), name="rules"),
    path("jurisdictions", catalogue.JurisdictionsView.as_view(), name="jurisdictions"),
    path("jurisdictions/<str:place>", catalogue.JurisdictionView.as_view(), name="jurisdiction"),
    path("banner", banner.BannerView.as_view(), name="banner"),
    path("banner-files", banner.FilesView.as_view(), name="banner_files"),
    path("banner-files/<int:upload>", banner.FileView.as_view(), name="banner_file"),
    path("texts", banner.AllTextsView.as_view(), name="all_texts"),
    path("texts/<str:language>", banner.TextsView.as_view(), name="texts"),
    path("draft", releases.DraftView.as_view(), name="draft"),
    path("draft/lint", releases.LintView.as_view(), name="lint"),
    path("waivers", releases.WaiversView.as_view(), name="waivers"),
    path("waivers/<int:waiver>", releases.WaiverView.as_view(), name="waiver"),
    path("releases", releases.ReleasesView.as_view(), name="releases"),
    path("releases/<int:number>", releases.ReleaseView.as_view(), name="release"),
    path("releases/<int:number>/rollback", releases.RollbackView.as_view(), name="rollback"),
    path("publish-requests", releases.PublishRequestsView.as_view(), name="publish_requests"),
    path("publish-requests/<int:wanted>", releases.PublishRequestView.as_view(), name="publish_request"),
    path("publish-requests/<int:wanted>/approve", releases.ApproveView.as_view(), name="approve"),
    path("publish-requests/<int:wanted>/end", releases.EndRequestView.as_view(), name="end_request"),
    path("stats", records.StatsView.as_view(), name="stats"),
    path("records", records.RecordsView.as_view(), name="records"),
    path("records/<int:index>", records.RecordView.as_view(), name="record"),
    path("erasures", records.ErasuresView.as_view(), name="erasures"),
    path("exports", records.ExportsView.as_view(), name="exports"),
    path("exports/<int:job>", records.ExportView.as_view(), name="export"),
    path("exports/<int:job>/file", records.ExportFileView.as_view(), name="export_file"),
    path("members", people.MembersView.as_view(), name="members"),
    path("members/<int:user>", people.MemberView.as_view(), name="member"),
    path("invitations", people.InvitationsView.as_view(), name="invitations"),
    path("invitations/<int:invitation>", people.InvitationView.as_view(), name="invitation"),
    path("invitations/<int:invitation>/resend", people.ResendView.as_view(), name="resend"),
    path("tokens", people.TokensView.as_view(), name="tokens"),
    path("tokens/<int:token>", people.OneTokenView.as_view(), name="token"),
    path("webhook", webhooks.WebhookView.as_view(), name="webhook"),
    path("webhook/secret", webhooks.WebhookSecretView.as_view(), name="webhook_secret"),
    path("webhook/deliveries", webhooks.DeliveriesView.as_view(), name="deliveries"),
    path("webhook/deliveries/<int:delivery>/again", webhooks.AgainView.as_view(), name="again"),
    path("trail", people.TrailView.as_view(), name="trail"),
]

urlpatterns = [
    path("token", sites.TokenView.as_view(), name="own_token"),
    path("sites", sites.SitesView.as_view(), name="sites"),
    path("sites/<uuid:site>", sites.SiteView.as_view(), name="site"),
    path("sites/<uuid:site>/", include(of_a_site)),
]
