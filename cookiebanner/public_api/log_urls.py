from django.urls import path

from cookiebanner.public_api.log import log

urlpatterns = [path("v1/<uuid:site>/log/<path:path>", log, name="log")]
