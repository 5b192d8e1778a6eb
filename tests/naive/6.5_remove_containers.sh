# 6.5 Downgrading Docker, step 1: on any host running Docker 1.13, remove all containers, then all images.
docker rm $(docker ps -a -q) -f
docker rmi $(docker images -q)
